//! The smallest automaton over decimal digits, built from its leaves up: equal nodes are one node, so the bytes depend
//! only on what is accepted, never on how the patterns were written.

use std::collections::HashMap;

/// The value of a node and the nodes behind the digits 0 to 9. Node 0 stands for "no such number".
type Node = [u16; 11];

pub(super) struct Automaton {
    nodes: Vec<Node>,
    known: HashMap<Node, u16>,
}

impl Automaton {
    pub(super) fn new() -> Self {
        let nothing = [0; 11];
        Self { nodes: vec![nothing], known: HashMap::from([(nothing, 0)]) }
    }

    /// The node with this value and these successors; `None` when there are more than 65 536.
    pub(super) fn node(&mut self, value: u16, next: [u16; 10]) -> Option<u16> {
        let mut node = [value; 11];
        node[1..].copy_from_slice(&next);
        if let Some(known) = self.known.get(&node) {
            return Some(*known);
        }
        let index = u16::try_from(self.nodes.len()).ok()?;
        self.nodes.push(node);
        self.known.insert(node, index);
        Some(index)
    }

    /// Rows of eleven little-endian 16-bit words, one a node; the node made last is the root.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.nodes.iter().flatten().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// What the automaton says of these digits as a whole.
    #[cfg(test)]
    pub(super) fn value(&self, digits: &str) -> u16 {
        let root = self.nodes.len() - 1;
        let end = digits.bytes().fold(root, |node, digit| usize::from(self.nodes[node][usize::from(digit - b'0') + 1]));
        self.nodes[end][0]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn equal_nodes_are_one_and_the_root_is_the_last_row() {
        let mut automaton = Automaton::new();
        let leaf = automaton.node(7, [0; 10]).unwrap();
        assert_eq!(automaton.node(7, [0; 10]), Some(leaf));
        assert_eq!(automaton.node(0, [0; 10]), Some(0));
        let mut next = [0; 10];
        next[9] = leaf;
        assert_eq!(automaton.node(0x102, next), Some(2));
        let bytes = automaton.bytes();
        assert_eq!(bytes.len(), 3 * 22);
        assert_eq!(bytes[44..46], [2, 1]);
        assert_eq!(bytes[64..], [1, 0]);
    }

    #[test]
    fn more_nodes_than_fit_are_refused() {
        let mut automaton = Automaton::new();
        assert!((1..=u16::MAX).all(|value| automaton.node(value, [0; 10]) == Some(value)));
        assert_eq!(automaton.node(1, [1; 10]), None);
    }
}
