//! A consent page's form, answered as its `data-sandbox-default` says.
//! A page without that attribute is for people: the handset shows it and goes no further.

/// A form that was filled in.
pub struct Form {
    /// The form's `action`, which may be relative or empty.
    pub action: String,
    /// Form-encoded: the hidden fields and `decision`.
    pub body: String,
}

/// The page's form with its default decision, if it has one.
pub fn submit_default(html: &str) -> Option<Form> {
    let form = html.split("<form").skip(1).find(|form| opening(form).contains("data-sandbox-default"))?;
    let form = form.split("</form").next()?;
    let decision = attribute(opening(form), "data-sandbox-default")?;
    let mut fields = url::form_urlencoded::Serializer::new(String::new());
    for input in form.split("<input").skip(1).map(opening) {
        let hidden = attribute(input, "type").is_some_and(|kind| kind == "hidden");
        if let (true, Some(name)) = (hidden, attribute(input, "name")) {
            fields.append_pair(&name, &attribute(input, "value").unwrap_or_default());
        }
    }
    fields.append_pair("decision", &decision);
    Some(Form { action: attribute(opening(form), "action").unwrap_or_default(), body: fields.finish() })
}

/// The rest of a tag whose name was just read.
fn opening(text: &str) -> &str {
    text.split('>').next().unwrap_or_default()
}

/// The value of a double-quoted attribute.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let quoted = tag.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0;
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")];
    Some(entities.iter().fold(quoted.to_owned(), |text, (entity, plain)| text.replace(entity, plain)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::submit_default;

    #[test]
    fn hidden_fields_and_the_default_decision_are_posted_to_the_action() {
        let page = r#"<p>Allow?</p><form method="post" action="/consent?a=1&amp;b=2" data-sandbox-default="deny">
            <input type="hidden" name="tx" value="T&quot;1"><input type="text" name="note" value="x">
            <button name="decision" value="accept">Yes</button></form>"#;
        let form = submit_default(page).unwrap();
        assert_eq!((form.action.as_str(), form.body.as_str()), ("/consent?a=1&b=2", "tx=T%221&decision=deny"));
    }

    #[test]
    fn a_form_without_a_default_is_left_to_people() {
        assert!(submit_default(r#"<form action="/login"><input type="hidden" name="a" value="b"></form>"#).is_none());
    }
}
