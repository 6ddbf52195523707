// Runs the calls of the kit with this adapter: qjs --std -m calls.js ../kit/calls.json
const zeromq = await import(std.getenv("ZEROMQ_ADAPTER") ?? "./zeromq.so");

class Mine extends Error {}
const functions = {
  echo: (frames) => frames,
  first: (frames) => frames[0],
  nothing: () => undefined,
  fail: () => { throw new Mine("not today"); },
};

// The value of JavaScript for one of the table.
function value(given, variables) {
  if (Array.isArray(given)) return given.map((item) => value(item, variables));
  if (given === null || typeof given != "object") return given;
  const [mark, content] = Object.entries(given)[0] ?? [];
  switch (mark) {
    case "$bytes": return Uint8Array.from(content.match(/../g), (pair) => parseInt(pair, 16));
    case "$tuple": return value(content, variables);
    case "$ref": return variables[content];
    case "$class": return zeromq[content];
    case "$function": return functions[content];
    case "$array":
      return Object.assign(Float64Array.from(content.flat()),
                           { dtype: "float64", shape: [content.length, content[0].length] });
  }
  return Object.fromEntries(
    Object.entries(given).map(([key, item]) => [key, value(item, variables)]));
}

function same(one, other) {
  if (typeof one != "object" || one === null || other === null) return Object.is(one, other);
  if (one.constructor !== other.constructor) return false;
  const keys = Object.keys(one);
  return keys.length == Object.keys(other).length && keys.every((key) => same(one[key], other[key]));
}

// Returns what is wrong, or undefined.
function step(row, variables) {
  if (row.text) {
    const got = `${variables[row.text[0]]}`;
    return got == row.text[1] ? undefined : got;
  }
  const [holder, name] = row.do.split("."), object = variables[holder] ?? zeromq[holder];
  const given = value(row.args ?? [], variables);
  if (row.named) given.push(value(row.named, variables));
  let got;
  try {
    got = name ? object[name](...given) : new object(...given);
  } catch (error) {
    const tag = error instanceof Mine ? "Mine" : error instanceof zeromq.ZMQError ? error.name : "";
    return tag == row.error && error.message.includes(row.says ?? "") ? undefined : `${error}`;
  }
  if (row.let) variables[row.let] = got;
  if ("error" in row) return "no error";
  if ("result" in row && !same(got, value(row.result, variables))) {
    return JSON.stringify(got, (_, item) => (typeof item == "bigint" ? `${item}n` : item)) ?? "nothing";
  }
}

for (const row of JSON.parse(std.loadFile(scriptArgs[1]))) {
  const variables = {};
  let wrong;
  for (let at = 0; at < row.steps.length && wrong === undefined; at++) {
    wrong = step(row.steps[at], variables);
    if (wrong !== undefined) wrong = `step ${at}: ${wrong}`;
  }
  console.log(`${wrong ?? "ok"}: ${row.case}`);
}
