//! The help pages as Morpho reads them: headers are topics, which are nested by
//! their level, and `[tagX]: # (word)` gives a topic a further name.

/// The pages in this program, as they are in the repository, with their names.
pub const PAGES: [(&str, &str); 5] = [
    ("zeromq.md", include_str!("../../../../help/zeromq.md")),
    ("guide.md", include_str!("../../../../help/guide.md")),
    ("errors.md", include_str!("../../../../help/errors.md")),
    ("embedding.md", include_str!("../../../../help/embedding.md")),
    ("reference.md", include_str!("../../../../help/reference.md")),
];

/// What stands between a header and the next one.
pub struct Topic {
    pub title: String,
    /// From 1, the number of `#`.
    pub level: usize,
    /// Further names, in lower case.
    tags: Vec<String>,
    /// The topic around it, by its place in the list.
    parent: Option<usize>,
    /// The text, without tags and comments.
    pub lines: Vec<String>,
    /// Whether the list of the topics inside belongs to the text.
    pub lists: bool,
}

/// All topics of all pages.
pub struct Topics(Vec<Topic>);

impl Topics {
    pub fn new() -> Topics {
        let mut topics = Topics(Vec::new());
        for (_, page) in PAGES {
            topics.read(page);
        }
        topics
    }

    fn read(&mut self, page: &str) {
        let first = self.0.len();
        for line in page.lines() {
            if let Some((level, title)) = header(line) {
                let around = |topic: &Topic| topic.level < level;
                let parent = self.0[first..].iter().rposition(around).map(|index| first + index);
                self.0.push(Topic {
                    title: title.to_owned(),
                    level,
                    tags: Vec::new(),
                    parent,
                    lines: Vec::new(),
                    lists: false,
                });
            } else if let Some(topic) = self.0[first..].last_mut() {
                topic.read(line);
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Topic> {
        self.0.iter()
    }

    /// The topics directly inside of one.
    pub fn inside(&self, topic: &Topic) -> impl Iterator<Item = &Topic> {
        let index = self.0.iter().position(|other| std::ptr::eq(other, topic));
        self.0.iter().filter(move |other| other.parent.is_some() && other.parent == index)
    }

    /// The topic of a query: a name, or those of the topics around it and then
    /// its own. As in Morpho, case does not count and punctuation is blank.
    pub fn find(&self, query: &str) -> Option<&Topic> {
        let words = words(query);
        let (last, around) = words.split_last()?;
        let path = self.0.iter().find(|topic| topic.is_called(last) && self.is_in(topic, around));
        // A title of several words is found by all of them.
        path.or_else(|| self.0.iter().find(|topic| self::words(&topic.title) == words))
    }

    fn is_in(&self, topic: &Topic, around: &[String]) -> bool {
        let Some((last, rest)) = around.split_last() else {
            return true;
        };
        let mut parent = topic.parent;
        while let Some(index) = parent {
            let topic = &self.0[index];
            if topic.is_called(last) {
                return self.is_in(topic, rest);
            }
            parent = topic.parent;
        }
        false
    }

    /// The topic that explains a method or option in a line of its own.
    pub fn mentioning(&self, word: &str) -> Option<&Topic> {
        let word = words(word).join("_");
        let explains = |line: &String| explained(line).any(|name| name.eq_ignore_ascii_case(&word));
        self.0.iter().find(|topic| topic.lines.iter().any(explains))
    }

    /// What the table says of an option: the head, its row, and what it does.
    pub fn option(&self, query: &str) -> Option<String> {
        let squeezed = words(query).concat();
        let is_row = |line: &&String| {
            let row = line.strip_prefix("    ").and_then(|rest| rest.split(' ').next());
            row.is_some_and(|row| !row.is_empty() && row.replace('_', "") == squeezed)
        };
        let lines = &self.0.iter().find(|topic| topic.title == "Options")?.lines;
        let head = lines.iter().position(|line| line.starts_with("    name "))?;
        let row = head + 1 + lines[head + 1..].iter().position(|line| is_row(&line))?;
        Some(
            [&lines[head], &lines[row], lines.get(row + 1)?]
                .map(|line| format!("{line}\n"))
                .concat(),
        )
    }

    /// Names that are written nearly like this one, the nearest first.
    pub fn near(&self, query: &str) -> Vec<&str> {
        let wanted = words(query).join("");
        let names = self.0.iter().flat_map(Topic::names);
        let rated = names.map(|name| (strsim::jaro_winkler(&wanted, name), name));
        let mut near: Vec<(f64, &str)> = rated.filter(|(nearness, _)| *nearness > 0.8).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        let mut names: Vec<&str> = near.into_iter().map(|(_, name)| name).collect();
        names.dedup();
        names.truncate(5);
        names
    }
}

impl Topic {
    fn read(&mut self, line: &str) {
        if line.starts_with("[tag") {
            let word = line.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
            self.tags.extend(word.map(str::to_lowercase));
        } else if line.starts_with("[showsubtopics]") {
            self.lists = true;
        } else if !line.starts_with('[') {
            self.lines.push(line.to_owned());
        }
    }

    fn is_called(&self, word: &str) -> bool {
        self.title.to_lowercase() == word || self.tags.iter().any(|tag| tag == word)
    }

    /// The tags; and the title, where no tag is it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(String::as_str)
    }

    /// The name under which a list shows it.
    pub fn name(&self) -> &str {
        if self.title.contains(' ') {
            return self.tags.first().map_or(&self.title, |tag| tag);
        }
        &self.title
    }
}

/// The methods at the beginning of a line that explains them, or the option.
fn explained(line: &str) -> impl Iterator<Item = &str> {
    let methods = line.strip_prefix("- `").and_then(|rest| rest.split('`').next());
    let methods = methods.into_iter().flat_map(|code| code.split("), "));
    let methods = methods.map(|call| {
        let name = call.split('(').next().unwrap_or(call);
        name.rsplit('.').next().unwrap_or(name)
    });
    let option = line.strip_prefix("    ").and_then(|rest| rest.split(' ').next());
    methods.chain(option).filter(|name| !name.is_empty())
}

/// The level and title of a header.
pub fn header(line: &str) -> Option<(usize, &str)> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    (level > 0 && title.starts_with(' ')).then(|| (level, title.trim()))
}

fn words(query: &str) -> Vec<String> {
    let words = query.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}
