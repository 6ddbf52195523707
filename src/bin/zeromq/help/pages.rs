//! The help pages as Morpho reads them: headers are topics, which are nested by
//! their level, and `[tagX]: # (word)` gives a topic a further name. What Morpho
//! cannot find, such as names of several words, is in `[comment]: # (words: ...)`.

/// The pages, with the names of their files in the repository.
pub const PAGES: [(&str, &str); 11] = [
    ("zeromq.md", include_str!("../../../../help/zeromq.md")),
    ("problems.md", include_str!("../../../../help/problems.md")),
    ("guide.md", include_str!("../../../../help/guide.md")),
    ("tasks.md", include_str!("../../../../help/tasks.md")),
    ("tools.md", include_str!("../../../../help/tools.md")),
    ("history.md", include_str!("../../../../help/history.md")),
    ("bridge.md", include_str!("../../../../help/bridge.md")),
    ("reference.md", include_str!("../../../../help/reference.md")),
    ("options.md", include_str!("../../../../help/options.md")),
    ("errors.md", include_str!("../../../../help/errors.md")),
    ("embedding.md", include_str!("../../../../help/embedding.md")),
];

/// Words in a question that say nothing about its topic.
const FILLERS: &[&str] = &[
    "a", "an", "already", "and", "are", "can", "do", "does", "for", "how", "i", "is", "it", "my",
    "of", "on", "the", "to", "what", "why", "with", "zeromq", "zmq",
];

/// The text between a header and the next one.
pub struct Topic {
    pub title: String,
    /// The level of the header, starting at 1: the number of `#`.
    pub level: usize,
    /// Other names, in lower case.
    tags: Vec<String>,
    /// Other names that Morpho does not find, in lower case.
    phrases: Vec<String>,
    /// The index of the enclosing topic.
    parent: Option<usize>,
    /// The text, without tags and comments.
    pub lines: Vec<String>,
    /// True if the text includes the list of nested topics.
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
                    phrases: Vec::new(),
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

    /// Returns the topics nested directly in a topic.
    pub fn inside(&self, topic: &Topic) -> impl Iterator<Item = &Topic> {
        let index = self.0.iter().position(|other| std::ptr::eq(other, topic));
        self.0.iter().filter(move |other| other.parent.is_some() && other.parent == index)
    }

    /// Returns the topic of a query. As in Morpho, case is ignored and punctuation counts
    /// as blank.
    pub fn find(&self, query: &str) -> Option<&Topic> {
        let all = words(query);
        let known = self.named(&all).or_else(|| self.method(&all));
        let known = known.or_else(|| self.quoting(&all.join(" ")));
        known.or_else(|| {
            // A question: without its fillers, in the singular, by its last word.
            let filler = |word: &&String| FILLERS.contains(&word.as_str());
            let words: Vec<String> = all.iter().filter(|word| !filler(word)).cloned().collect();
            let found = self.named(&words).or_else(|| self.named(&singular(&words)));
            let last = words.last().filter(|_| words.len() < all.len());
            found.or_else(|| self.named(std::slice::from_ref(last?)))
        })
    }

    /// Finds the topic of a message, such as one of a compiler, that contains a phrase.
    fn quoting(&self, message: &str) -> Option<&Topic> {
        let has = |phrase: &String| phrase.contains(' ') && message.contains(phrase.as_str());
        self.0.iter().find(|topic| topic.phrases.iter().any(has))
    }

    /// Finds a topic by its name, by the names of its enclosing topics followed by its own,
    /// or by all words joined: "socket option" is "socketoption".
    fn named(&self, words: &[String]) -> Option<&Topic> {
        let (last, around) = words.split_last()?;
        let (joined, phrase) = (words.concat(), words.join(" "));
        let mut topics = self.0.iter();
        let found = topics.find(|topic| topic.is_called(last) && self.is_in(topic, around));
        let found = found.or_else(|| self.0.iter().find(|topic| topic.is_called(&joined)));
        found.or_else(|| self.0.iter().find(|topic| topic.phrases.contains(&phrase)))
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

    /// Finds the topic of a method that is named with its class or a child class:
    /// `ZMQPoller.wait`.
    fn method(&self, words: &[String]) -> Option<&Topic> {
        let [class, name] = words else {
            return None;
        };
        let topics = || self.0.iter().filter(|topic| topic.method() == Some(name));
        let own = topics().find(|topic| self.is_in(topic, std::slice::from_ref(class)));
        let is_class = class.starts_with("zmq") || class == "socket";
        own.or_else(|| topics().next().filter(|_| is_class))
    }

    /// Returns the topics whose text contains all words, or words that start with them,
    /// each with the sentence that has most of them.
    pub fn mentioning(&self, query: &str) -> Vec<(&Topic, String)> {
        let mut wanted = words(query);
        wanted.retain(|word| word.len() > 2 && !FILLERS.contains(&word.as_str()));
        wanted.iter_mut().for_each(|word| *word = stem(word).to_owned());
        if wanted.is_empty() {
            return Vec::new();
        }
        let count = |text: &str| {
            let text = words(text);
            let found = |word: &&String| text.iter().any(|other| other.starts_with(word.as_str()));
            wanted.iter().filter(found).count()
        };
        let mut mentioning = Vec::new();
        for topic in &self.0 {
            let blocks = topic.blocks();
            let sentences = blocks.iter().flat_map(|block| block.split_inclusive(". "));
            let sentences: Vec<&str> = sentences.collect();
            if count(&blocks.join(" ")) == wanted.len()
                // The first one of the best.
                && let Some(best) = sentences.iter().rev().max_by_key(|text| count(text))
            {
                mentioning.push((topic, best.trim().to_owned()));
            }
        }
        mentioning
    }

    /// Returns the name that differs from a query in one letter, if there is one.
    pub fn misspelt(&self, query: &str) -> Option<&str> {
        let wanted = words(query).join("");
        let names = self.0.iter().flat_map(Topic::names);
        let is_near = |name: &&str| strsim::damerau_levenshtein(&wanted, name) == 1;
        // Short words have many neighbors.
        names.into_iter().filter(|_| wanted.len() > 4).find(is_near)
    }

    /// Returns names with a similar spelling, the closest first.
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
        } else if let Some(phrases) = line.strip_prefix("[comment]: # (words: ") {
            let phrases = phrases.trim_end_matches(')').split(',');
            self.phrases.extend(phrases.map(|phrase| words(phrase).join(" ")));
        } else if line.starts_with("[showsubtopics]") {
            self.lists = true;
        } else if !line.starts_with('[') {
            self.lines.push(line.to_owned());
        }
    }

    fn is_called(&self, word: &str) -> bool {
        self.title.to_lowercase() == word || self.tags.iter().any(|tag| tag == word)
    }

    /// Returns the tags; the title is one of them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(String::as_str)
    }

    /// Returns each paragraph and list item as one line; code and blank lines are
    /// unchanged.
    pub fn blocks(&self) -> Vec<String> {
        let mut blocks: Vec<String> = Vec::new();
        for line in &self.lines {
            let goes_on = !line.is_empty() && !is_code(line) && !line.starts_with("- ");
            match blocks.last_mut() {
                Some(last) if goes_on && !last.is_empty() && !is_code(last) => {
                    last.push(' ');
                    last.push_str(line.trim_start());
                }
                _ => blocks.push(line.clone()),
            }
        }
        blocks
    }

    /// Returns the method that the topic is about, from its signature: `poller.wait(...) ->
    /// ...`.
    fn method(&self) -> Option<&str> {
        let code = self.lines.iter().find(|line| !line.is_empty())?;
        let (receiver, rest) = code.strip_prefix("    ")?.split_once('.')?;
        let (name, _) = rest.split_once('(')?;
        let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (self.level == 3 && is_word(receiver) && is_word(name)).then_some(name)
    }
}

/// Returns the level and title of a header.
pub fn header(line: &str) -> Option<(usize, &str)> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    (level > 0 && title.starts_with(' ')).then(|| (level, title.trim()))
}

fn words(query: &str) -> Vec<String> {
    let words = query.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

pub fn is_code(line: &str) -> bool {
    line.starts_with("    ") || line.starts_with('\t')
}

/// Returns the part that the forms of a word share: "send" for "sending".
fn stem(word: &str) -> &str {
    let stem = ["ing", "ed", "s"].iter().find_map(|ending| word.strip_suffix(ending));
    stem.filter(|stem| stem.len() > 2).unwrap_or(word)
}

fn singular(words: &[String]) -> Vec<String> {
    words.iter().map(|word| word.strip_suffix('s').unwrap_or(word).to_owned()).collect()
}
