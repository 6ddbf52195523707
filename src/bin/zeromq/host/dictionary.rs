//! The table behind dictionaries and the fields of instances. Scripts can see its order, so
//! it works like Morpho's: open addressing, iterated slot by slot.

use super::value::{DEEPEST_TUPLE, Value};

/// The multiplier for integers and hashes of strings.
const GOLDEN: u32 = 2_654_435_769;
const SMALLEST: usize = 16;

#[derive(Clone, Default)]
enum Slot {
    #[default]
    Free,
    Removed,
    Used(Value, Value),
}

#[derive(Default)]
pub struct Dictionary {
    slots: Vec<Slot>,
    count: usize,
}

impl Dictionary {
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn get(&self, key: &Value) -> Option<&Value> {
        match self.slots.get(self.find(key)?)? {
            Slot::Used(_, value) => Some(value),
            _ => None,
        }
    }

    pub fn insert(&mut self, key: Value, value: Value) {
        if 4 * (self.count + 1) > 3 * self.slots.len() {
            self.resize((2 * self.slots.len()).max(SMALLEST));
        }
        match self.find(&key) {
            Some(index) => self.slots[index] = Slot::Used(key, value),
            None => self.add(key, value),
        }
    }

    pub fn remove(&mut self, key: &Value) -> Option<Value> {
        let index = self.find(key)?;
        let removed = std::mem::replace(&mut self.slots[index], Slot::Removed);
        self.count -= 1;
        if self.count == 0 {
            self.slots.clear();
        } else if 4 * self.count < self.slots.len() && self.slots.len() > SMALLEST {
            self.resize(self.slots.len() / 2);
        }
        match removed {
            Slot::Used(_, value) => Some(value),
            _ => None,
        }
    }

    pub fn clear(&mut self) {
        *self = Dictionary::default();
    }

    pub fn entries(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Used(key, value) => Some((key, value)),
            _ => None,
        })
    }

    pub fn keys(&self) -> Vec<Value> {
        self.entries().map(|(key, _)| key.clone()).collect()
    }

    pub fn into_values(self) -> Vec<Value> {
        let values = self.slots.into_iter().filter_map(|slot| match slot {
            Slot::Used(_, value) => Some(value),
            _ => None,
        });
        values.collect()
    }

    /// Inserts every entry of the other dictionary.
    pub fn extend(&mut self, other: &Dictionary) {
        for (key, value) in other.entries() {
            self.insert(key.clone(), value.clone());
        }
    }

    fn resize(&mut self, capacity: usize) {
        let old = std::mem::replace(&mut self.slots, vec![Slot::Free; capacity]);
        self.count = 0;
        for slot in old {
            if let Slot::Used(key, value) = slot {
                self.add(key, value);
            }
        }
    }

    /// Stores a new key in the first slot without one.
    fn add(&mut self, key: Value, value: Value) {
        let free = self.probe(&key).find(|&i| !matches!(self.slots[i], Slot::Used(..)));
        if let Some(index) = free {
            self.slots[index] = Slot::Used(key, value);
            self.count += 1;
        }
    }

    fn find(&self, key: &Value) -> Option<usize> {
        for index in self.probe(key) {
            match &self.slots[index] {
                Slot::Free => return None,
                Slot::Used(used, _) if used.is_same(key) => return Some(index),
                _ => {}
            }
        }
        None
    }

    /// Returns the slots that a key may be in, the preferred one first.
    fn probe(&self, key: &Value) -> impl Iterator<Item = usize> + use<> {
        let capacity = self.slots.len();
        let start = if capacity == 0 { 0 } else { hash(key, 0) as usize & (capacity - 1) };
        (start..capacity).chain(0..start)
    }
}

fn hash(key: &Value, depth: usize) -> u32 {
    match key {
        Value::Int(i) => (*i as u32).wrapping_mul(GOLDEN),
        // Morpho's bytes are signed.
        Value::String(text) => fnv(text.bytes().map(|byte| byte as i8 as u32)),
        Value::Tuple(_) if depth > DEEPEST_TUPLE => 0,
        Value::Tuple(items) => fnv(items.0.borrow().iter().map(|item| hash(item, depth + 1))),
        Value::Foreign(object) => object.hash() as u32,
        other => other.address().map_or(0, |address| (address >> 4) as u32),
    }
}

/// Returns the hash by Fowler, Noll and Vo (FNV-1a).
fn fnv(parts: impl Iterator<Item = u32>) -> u32 {
    let all = parts.fold(2_166_136_261, |hash: u32, part| (hash ^ part).wrapping_mul(16_777_619));
    all.wrapping_mul(GOLDEN)
}
