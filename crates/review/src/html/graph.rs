//! The picture of an environment: what needs what, and what of it changes.

use super::layout::{Node, layout};
use super::safe;
use crate::document::Document;

/// Width of a box.
const WIDTH: usize = 196;
/// Height of a box.
const HEIGHT: usize = 46;
/// Space between columns.
const GAP: usize = 56;
/// Space between rows.
const SPACE: usize = 12;
/// Space at the edge.
const EDGE: usize = 4;

/// The picture as SVG within the page; empty if there is nothing to draw.
pub(crate) fn graph(document: &Document) -> String {
    let nodes = layout(document);
    if nodes.is_empty() {
        return String::new();
    }
    let columns = nodes.iter().map(|node| node.column).max().unwrap_or(0) + 1;
    let rows = nodes.iter().map(|node| node.row).max().unwrap_or(0) + 1;
    let width = columns * WIDTH + (columns - 1) * GAP + 2 * EDGE;
    let height = rows * HEIGHT + (rows - 1) * SPACE + 2 * EDGE;
    let mut out = format!(
        "<div class=\"scroll\"><svg role=\"img\" aria-label=\"Resources of the environment\" \
         viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n"
    );
    let tall = |column: usize| nodes.iter().filter(|node| node.column == column).count();
    let y = |node: &Node| {
        let missing = rows - tall(node.column);
        EDGE + node.row * (HEIGHT + SPACE) + missing * (HEIGHT + SPACE) / 2
    };
    let x = |node: &Node| EDGE + node.column * (WIDTH + GAP);
    for node in &nodes {
        for need in &node.needs {
            let need = &nodes[*need];
            let (x1, y1) = (x(need) + WIDTH, y(need) + HEIGHT / 2);
            let (x2, y2) = (x(node), y(node) + HEIGHT / 2);
            let bend = x2.saturating_sub(x1).max(40) / 2;
            let live = if node.tone.is_some() || need.tone.is_some() {
                " live"
            } else {
                ""
            };
            out = format!(
                "{out}<path class=\"edge{live}\" d=\"M{x1} {y1} C{} {y1} {} {y2} {x2} {y2}\"/>\n",
                x1 + bend,
                x2.saturating_sub(bend),
            );
        }
    }
    for node in &nodes {
        out.push_str(&one(node, x(node), y(node)));
    }
    out.push_str("</svg></div>\n");
    out.push_str(
        "<p class=\"soft small\" style=\"margin-top:12px\">Left to right: what is on the left \
         must exist first. Colored boxes change.</p>\n",
    );
    out
}

fn one(node: &Node, x: usize, y: usize) -> String {
    let tone = node.tone.unwrap_or("idle");
    format!(
        "<g class=\"node {tone}\"><title>{}</title><rect class=\"box\" x=\"{x}\" y=\"{y}\" \
         width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"8\"/><rect class=\"edge-mark\" x=\"{x}\" \
         y=\"{}\" width=\"4\" height=\"{}\" rx=\"2\"/><text x=\"{}\" y=\"{}\">{}</text>\
         <text class=\"sub\" x=\"{}\" y=\"{}\">{}</text></g>\n",
        safe(&format!("{}: {}", node.title, node.subtitle)),
        y + 8,
        HEIGHT - 16,
        x + 14,
        y + 20,
        safe(&short(&node.title, 22)),
        x + 14,
        y + 36,
        safe(&short(&node.subtitle, 29)),
    )
}

/// Text that fits in a box.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{kept}…")
}
