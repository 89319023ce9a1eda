//! infra/docs: short, and true of what is here. What a guide names must exist: files, commands and their options, variables,
//! parameters of the template, alarms.

use std::{collections::BTreeSet, fs};

use crate::root;

/// Where variables are explained.
const EXPLAINED: [&str; 3] = ["README.md", "infra/openapi.yaml", "template.yaml"];
const FOLDERS: [&str; 6] = ["adapters/", "functions/", "infra/", "shared/", "tests/", ".cargo/"];

/// Name and text.
fn guides() -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join("infra/docs")).expect("the guides");
    entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, read(&format!("infra/docs/{}", path.file_name().expect("a name").to_string_lossy())))
        })
        .collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Everything below a folder's `src`, as one text.
fn sources(folder: &str) -> String {
    let mut files = Vec::new();
    crate::rust_files(&root().join(folder).join("src"), &mut files);
    files.iter().map(|path| fs::read_to_string(path).expect("a file")).collect()
}

/// What stands between backticks in a line, and the lines of blocks.
fn code(text: &str) -> Vec<&str> {
    let (mut found, mut block) = (Vec::new(), false);
    for line in text.lines() {
        if line.starts_with("```") {
            block = !block;
        } else if block {
            found.push(line.trim_start_matches("$ "));
        } else {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// `new-adapter` as the variant `NewAdapter`.
fn variant(word: &str) -> String {
    word.split('-').map(|part| part[..1].to_uppercase() + &part[1..]).collect()
}

#[test]
fn every_guide_is_under_150_lines() {
    let guides = guides();
    assert!(guides.len() >= 5, "{} guides", guides.len());
    for (name, text) in guides {
        assert!(text.lines().count() < 150, "{name} has {} lines", text.lines().count());
    }
}

#[test]
fn every_file_that_a_guide_names_exists() {
    let mut seen = 0;
    for (name, text) in guides() {
        let paths = code(&text).into_iter().flat_map(str::split_whitespace);
        for path in paths.filter(|path| FOLDERS.iter().any(|folder| path.starts_with(folder))) {
            seen += 1;
            assert!(root().join(path).exists(), "{name}: {path}");
        }
    }
    assert!(seen > 5, "{seen} files");
}

#[test]
fn every_command_that_a_guide_names_exists_with_its_options() {
    let mut seen = 0;
    for (name, text) in guides() {
        for line in code(&text) {
            let (program, depth) = match line.split_whitespace().next() {
                Some("cargo") if line.starts_with("cargo xtask ") => ("infra/xtask", 1),
                Some("sna") => ("infra/sna", 2),
                _ => continue,
            };
            seen += 1;
            let sources = sources(program);
            let mut rest = line.split_whitespace().skip(if program == "infra/xtask" { 2 } else { 1 }).peekable();
            let is_word =
                |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-') && !word.starts_with('-');
            for _ in 0..depth {
                let Some(word) = rest.next_if(is_word) else { break };
                let variant = variant(word);
                let known = [format!("    {variant}("), format!("    {variant},"), format!("    {variant} {{")];
                assert!(known.iter().any(|known| sources.contains(known)), "{name}: there is no `{word}` of `{line}`");
            }
            for option in rest.filter_map(|word| word.strip_prefix("--")) {
                let known = [format!("{}: ", option.replace('-', "_")), format!("long = \"{option}\"")];
                assert!(known.iter().any(|known| sources.contains(known)), "{name}: --{option} of `{line}`");
            }
        }
    }
    assert!(seen > 10, "{seen} commands");
}

#[test]
fn every_variable_that_a_guide_names_is_explained() {
    let explained: String = EXPLAINED.into_iter().map(read).collect();
    let explained: BTreeSet<_> = words(&explained).collect();
    for (name, text) in guides() {
        let own = |word: &str| text.contains(&format!("{word}=$("));
        let is_variable = |word: &&str| {
            word.contains('_') && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        };
        let unknown: BTreeSet<_> = words(&text).filter(is_variable).filter(|word| !explained.contains(word)).collect();
        let unknown: Vec<_> = unknown.into_iter().filter(|word| !own(word) && *word != "GATEWAY_JSON").collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
}

#[test]
fn every_parameter_that_a_guide_names_is_the_templates_and_every_type_the_clients() {
    let clients = ["infra/clients/web/src/index.ts", "infra/clients/node/src/index.ts"];
    let sources = ["template.yaml", "infra/watch.yaml"].into_iter().chain(clients).map(read).collect::<String>();
    let known: BTreeSet<_> = words(&sources).collect();
    // The others' names are in the guide to migrating.
    for (name, text) in guides().into_iter().filter(|(name, _)| name != "migrating.md") {
        let is_parameter = |word: &&str| {
            let capitals = word.chars().filter(char::is_ascii_uppercase).count();
            capitals > 1
                && word.starts_with(|c: char| c.is_ascii_uppercase())
                && word.contains(|c: char| c.is_lowercase())
        };
        let named = code(&text).into_iter().filter(|code| code.chars().all(|c| c.is_ascii_alphanumeric()));
        let unknown: Vec<_> = named.filter(is_parameter).filter(|word| !known.contains(word)).collect();
        assert!(unknown.is_empty(), "{name}: {unknown:?}");
    }
}

#[test]
fn no_picture_ends_a_line_early() {
    let readme = read("README.md");
    let pictures: Vec<_> = readme.split("```mermaid").skip(1).collect();
    assert!(pictures.len() >= 3, "{} pictures", pictures.len());
    for line in pictures.iter().flat_map(|text| text.lines().take_while(|line| *line != "```")) {
        // What Mermaid takes for the end of a statement, and for a comment.
        assert!(!line.contains(';') && !line.contains('#') && !line.contains("%%"), "{line}");
    }
}

#[test]
fn every_alarm_has_a_runbook_and_every_runbook_an_alarm() {
    let (alarms, guide) = (read("infra/watch.yaml"), read("infra/docs/production.md"));
    let alarms: BTreeSet<_> = alarms
        .lines()
        .filter_map(|line| line.trim().strip_prefix("AlarmName: !Sub \"${Stack}-"))
        .map(|name| name.trim_end_matches('"'))
        .collect();
    let section = guide.split("\n## ").find(|section| section.starts_with("Alarms\n")).expect("the section");
    let runbooks = section.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|row| row.split('`').next());
    assert_eq!(runbooks.collect::<BTreeSet<_>>(), alarms);
    assert!(alarms.len() > 5, "{alarms:?}");
}
