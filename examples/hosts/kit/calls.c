/*
 * Runs the calls of the kit with the template: ./calls calls.json
 *
 * The machine of toy.h has no JSON, so the adapter itself reads the table.
 */

#include "template.c"

static toy_value *echo(toy_vm *vm, void *data, toy_value *self, toy_value **given, size_t count) {
  (void)vm, (void)data, (void)self, (void)count;
  return toy_keep(given[0]);
}

static toy_value *first(toy_vm *vm, void *data, toy_value *self, toy_value **given, size_t count) {
  (void)vm, (void)data, (void)self, (void)count;
  return toy_keep(given[0]->items[0]);
}

static toy_value *nothing(toy_vm *vm, void *data, toy_value *self, toy_value **given,
                          size_t count) {
  (void)vm, (void)data, (void)self, (void)given, (void)count;
  return toy_new(TOY_NIL);
}

static toy_value *fail(toy_vm *vm, void *data, toy_value *self, toy_value **given, size_t count) {
  (void)data, (void)self, (void)given, (void)count;
  return toy_raise(vm, "Mine", "not today");
}

/* Returns the value of the machine for one of the table. */
static toy_value *value(toy_vm *vm, toy_value *given, toy_value *variables) {
  const char *mark = given->kind == TOY_DICT && given->count == 2 ? given->items[0]->text : "";
  toy_value *content = mark[0] == '$' ? given->items[1] : NULL, *made;
  if (strcmp(mark, "$bytes") == 0) {
    made = toy_text(content->text, content->size / 2);
    for (size_t at = 0; at < made->size; at++) {
      unsigned byte = 0;
      sscanf(content->text + 2 * at, "%2x", &byte);
      made->text[at] = (char)byte;
    }
    return made;
  }
  if (strcmp(mark, "$ref") == 0)
    return toy_keep(toy_get(variables, content->text));
  if (strcmp(mark, "$class") == 0 || strcmp(mark, "$function") == 0)
    return toy_keep(toy_get(vm->globals, content->text));
  if (content != NULL) /* a tuple, or the rows of an array */
    return value(vm, content, variables);
  if (given->kind != TOY_LIST && given->kind != TOY_DICT)
    return toy_keep(given);
  made = toy_new(given->kind);
  for (size_t at = 0; at < given->count; at++)
    toy_append(made, value(vm, given->items[at], variables));
  return made;
}

static bool same(const toy_value *one, const toy_value *other) {
  bool equal = one->kind == other->kind && one->integer == other->integer &&
               one->number == other->number && one->count == other->count &&
               one->size == other->size && one->data == other->data &&
               (one->size == 0 || memcmp(one->text, other->text, one->size) == 0);
  for (size_t at = 0; equal && one->kind == TOY_LIST && at < one->count; at++)
    equal = same(one->items[at], other->items[at]);
  for (size_t at = 0; equal && one->kind == TOY_DICT && at < one->count; at += 2) {
    const toy_value *found = toy_get(other, one->items[at]->text);
    equal = found != NULL && same(one->items[at + 1], found);
  }
  return equal;
}

/* Returns what is wrong, or NULL. */
static const char *step(kit_machine *m, toy_value *row, toy_value *variables) {
  toy_vm *vm = m->vm;
  toy_value *text = toy_get(row, "text"), *arguments = toy_get(row, "args"), *self = NULL, *in;
  if (text != NULL) {
    toy_value *shown = kit_show(m, toy_get(variables, text->items[0]->text)->data);
    bool equal = shown != NULL && same(shown, text->items[1]);
    toy_drop(shown);
    return equal ? NULL : "another text";
  }
  char holder[64] = "", name[64] = "";
  sscanf(toy_get(row, "do")->text, "%63[^.].%63s", holder, name);
  self = toy_get(variables, holder);
  in = self != NULL ? self->class : toy_get(vm->globals, holder);
  toy_value *function = toy_get(in, name[0] != '\0' ? name : holder), *got;
  if (function == NULL)
    return "there is no such function";
  arguments = arguments != NULL ? value(vm, arguments, variables) : toy_new(TOY_LIST);
  if (toy_get(row, "named") != NULL)
    toy_append(arguments, value(vm, toy_get(row, "named"), variables));
  got = toy_call(vm, function, self, arguments->items, arguments->count);
  toy_drop(arguments);
  toy_value *error = toy_get(row, "error"), *says = toy_get(row, "says");
  if (got == NULL) {
    bool expected = error != NULL && strcmp(vm->error->items[0]->text, error->text) == 0 &&
                    strstr(vm->error->items[1]->text, says != NULL ? says->text : "") != NULL;
    return expected ? NULL : vm->error->items[1]->text;
  }
  const char *wrong = error != NULL ? "no error" : NULL;
  if (toy_get(row, "result") != NULL) {
    toy_value *expected = value(vm, toy_get(row, "result"), variables);
    wrong = same(got, expected) ? NULL : "another result";
    toy_drop(expected);
  }
  if (toy_get(row, "let") != NULL) {
    toy_append(variables, toy_keep(toy_get(row, "let")));
    toy_append(variables, toy_keep(got));
  }
  toy_drop(got);
  return wrong;
}

static toy_value *receive_table(toy_vm *vm, const char *path) {
  FILE *file = fopen(path, "rb");
  toy_value *text = toy_text(NULL, 1 << 20);
  toy_value *where = toy_text("inproc://calls", 14);
  if (file == NULL)
    return NULL;
  text->size = fread(text->text, 1, 1 << 20, file);
  fclose(file);
  toy_value *make_pull = toy_get(toy_get(vm->globals, "ZMQPull"), "ZMQPull");
  toy_value *make_push = toy_get(toy_get(vm->globals, "ZMQPush"), "ZMQPush");
  toy_value *pull = toy_call(vm, make_pull, NULL, &where, 1);
  toy_value *push = toy_call(vm, make_push, NULL, &where, 1);
  toy_drop(toy_call(vm, toy_get(push->class, "send"), push, &text, 1));
  toy_value *table = toy_call(vm, toy_get(pull->class, "receivejson"), pull, NULL, 0);
  toy_drop(text);
  toy_drop(where);
  toy_drop(pull);
  toy_drop(push);
  return table;
}

int main(int count, char **words) {
  toy_vm vm = {NULL, toy_new(TOY_DICT)};
  kit_machine *m = kit_open(&vm, ZEROMQ_HOST_BYTES | ZEROMQ_HOST_NAMED_LAST, NULL);
  if (m == NULL)
    return 1;
  const struct { const char *name; toy_code *code; } functions[] = {
      {"echo", echo}, {"first", first}, {"nothing", nothing}, {"fail", fail}};
  for (size_t at = 0; at < 4; at++) {
    toy_append(vm.globals, toy_text(functions[at].name, strlen(functions[at].name)));
    toy_append(vm.globals, toy_function(functions[at].name, functions[at].code, NULL));
  }
  toy_value *table = count > 1 ? receive_table(&vm, words[1]) : NULL;
  for (size_t at = 0; table != NULL && at < table->count; at++) {
    toy_value *variables = toy_new(TOY_DICT), *steps = toy_get(table->items[at], "steps");
    const char *wrong = NULL;
    for (size_t row = 0; row < steps->count && wrong == NULL; row++)
      wrong = step(m, steps->items[row], variables);
    printf("%s: %s\n", wrong != NULL ? wrong : "ok", toy_get(table->items[at], "case")->text);
    toy_drop(variables);
  }
  toy_drop(vm.globals);
  kit_close(m);
  toy_drop(table);
  toy_drop(vm.error);
  return table == NULL;
}
