//! The template's parameters as `sam deploy` will have them: those of `--parameter-overrides` if that is given, which takes
//! the place of the whole list in `infra/samconfig.toml`; else that list.

const FLAG: &str = "--parameter-overrides";

/// The words of `--parameter-overrides` among what else `sam` is given; `None` without it.
pub(super) fn overrides(more: &[String]) -> Option<Vec<&str>> {
    let mut words = more.iter().map(String::as_str).skip_while(|word| word.split('=').next() != Some(FLAG));
    let own = words.next()?.split_once('=').map(|(_, own)| own);
    Some(own.into_iter().chain(words.take_while(|word| !word.starts_with('-'))).collect())
}

/// The lines of the environment's section.
pub(super) fn settings<'a>(config: &'a str, environment: &str) -> Vec<&'a str> {
    let mut inside = false;
    let section = format!("[{environment}.");
    let lines = config.lines().filter(|line| {
        if line.starts_with('[') {
            inside = line.starts_with(&section);
        }
        inside && !line.trim_start().starts_with('#')
    });
    lines.collect()
}

/// A parameter's value, as `Name=value` or `ParameterKey=Name,ParameterValue=value`, quoted or not.
pub(super) fn value(texts: &[&str], name: &str) -> Option<String> {
    let keys = [format!("{name}="), format!("ParameterKey={name},ParameterValue=")];
    let value = |text: &str| {
        let plain: String = text.chars().filter(|letter| !matches!(letter, '"' | '\'' | '\\')).collect();
        let inside = |at: usize| plain[..at].ends_with(|letter: char| letter.is_ascii_alphanumeric());
        let ends = |letter: char| letter.is_whitespace() || matches!(letter, ',' | ']');
        let mut found = keys.iter().flat_map(|key| plain.match_indices(key)).filter(|(at, _)| !inside(*at));
        found.next().and_then(|(at, key)| plain[at + key.len()..].split(ends).next()).map(str::to_owned)
    };
    texts.iter().find_map(|text| value(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn overrides_end_at_the_next_option() {
        let more = words("--tags Architecture=tag --parameter-overrides A=b Lookup= --no-confirm-changeset --tags C=d");
        assert_eq!(overrides(&more), Some(vec!["A=b", "Lookup="]));
        assert_eq!(overrides(&words("--parameter-overrides=A=b")), Some(vec!["A=b"]));
        assert_eq!(overrides(&words("--tags A=b")), None);
    }

    #[test]
    fn a_value_is_read_as_sam_reads_it() {
        for text in [
            "Architecture=arm64",
            "A=b Architecture=arm64",
            r#"  "Architecture=arm64","#,
            r#"parameter_overrides = "Stage=dev Architecture=\"arm64\" A=b""#,
            r#"parameter_overrides = ["Architecture=arm64"]"#,
            "ParameterKey=Architecture,ParameterValue=arm64",
            "ParameterKey=A,ParameterValue=b ParameterKey='Architecture',ParameterValue=arm64",
        ] {
            assert_eq!(value(&[text], "Architecture").as_deref(), Some("arm64"), "{text}");
        }
        assert_eq!(value(&["NoArchitecture=arm64", "A=b"], "Architecture"), None);
        assert_eq!(value(&["Lookup=file:/opt/lookup.json"], "Lookup").as_deref(), Some("file:/opt/lookup.json"));
        assert_eq!(value(&["Lookup="], "Lookup").as_deref(), Some(""));
    }
}
