//! The ENUM client against name servers that answer well, badly, late, over TCP, or as somebody else.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use hickory_proto::rr::Record;
use tokio::net::TcpListener;

use super::*;

const DIGITS: &str = "40766610060";
const TEXT: &str = "!^.*$!tel:40766610060;npdi;np=yes;cic=4018720;cc=ro;cn=VODA;nt=mobile;mcc=226;mnc=01!";

fn carrier() -> Carrier {
    Carrier { spid: Some("4018720".into()), mcc_mnc: Some((226, 1)), ported: true }
}

fn tree(servers: Vec<SocketAddr>, deadline: u64) -> Tree {
    Tree::new(servers, "e164.example", Duration::from_millis(deadline)).unwrap()
}

fn record(name: &Name, (order, preference): (u16, u16), flags: &[u8], text: &str) -> Record {
    let services = b"E2U+pstn:tel".to_vec().into_boxed_slice();
    let text = text.as_bytes().to_vec().into_boxed_slice();
    let naptr = NAPTR::new(order, preference, flags.to_vec().into_boxed_slice(), services, text, Name::root());
    Record::from_rdata(name.clone(), 60, RData::NAPTR(naptr))
}

/// The answer to a question, with these records.
fn good(question: &Message, texts: &[((u16, u16), &str)]) -> Message {
    let mut answer = question.clone();
    answer.metadata.message_type = MessageType::Response;
    let name = question.queries[0].name().clone();
    answer.add_answers(texts.iter().map(|(rank, text)| record(&name, *rank, b"u", text)));
    answer
}

/// A server that sends, for each question, the messages that `answer` makes of it.
async fn server(answer: impl Fn(&Message) -> Vec<Message> + Send + 'static) -> SocketAddr {
    serve(UdpSocket::bind("127.0.0.1:0").await.unwrap(), answer)
}

fn serve(socket: UdpSocket, answer: impl Fn(&Message) -> Vec<Message> + Send + 'static) -> SocketAddr {
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; DATAGRAM];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            for message in answer(&Message::from_vec(&buffer[..length]).unwrap()) {
                socket.send_to(&message.to_vec().unwrap(), from).await.unwrap();
            }
        }
    });
    address
}

/// One port, free for datagrams and for connections: another process may hold the second of a port that is free for the
/// first.
async fn both() -> (UdpSocket, TcpListener) {
    loop {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(listener) = TcpListener::bind(socket.local_addr().unwrap()).await {
            return (socket, listener);
        }
    }
}

#[tokio::test]
async fn the_number_is_asked_for_backwards_and_its_record_read() {
    let server = server(|question| {
        let query = &question.queries[0];
        assert_eq!(query.name().to_ascii(), "0.6.0.0.1.6.6.6.7.0.4.e164.example.");
        assert_eq!(query.query_type(), RecordType::NAPTR);
        vec![good(question, &[((10, 100), TEXT)])]
    });
    assert_eq!(tree(vec![server.await], 5_000).ask(DIGITS).await, Ok(Some(carrier())));
}

#[tokio::test]
async fn the_most_preferred_record_that_can_be_used_counts() {
    let other = TEXT.replace("4018720", "1");
    let server = server(move |question| {
        vec![good(question, &[((20, 1), &other), ((10, 200), &other), ((10, 100), TEXT), ((1, 1), "!^.*$!sip:a@b!")])]
    });
    assert_eq!(tree(vec![server.await], 5_000).ask(DIGITS).await, Ok(Some(carrier())));
}

#[tokio::test]
async fn what_answers_another_question_is_not_believed() {
    let server = server(|question| {
        let lie = TEXT.replace("4018720", "666");
        let (mut id, mut name, mut no_answer) =
            (good(question, &[((1, 1), &lie)]), question.clone(), good(question, &[]));
        id.metadata.id = id.metadata.id.wrapping_add(1);
        name.queries[0].set_name(Name::from_ascii("1.6.0.0.1.6.6.6.7.0.4.e164.example").unwrap());
        let name = good(&name, &[((1, 1), &lie)]);
        no_answer.metadata.message_type = MessageType::Query;
        vec![id, name, no_answer, good(question, &[((10, 100), TEXT)])]
    });
    assert_eq!(tree(vec![server.await], 5_000).ask(DIGITS).await, Ok(Some(carrier())));
}

#[tokio::test]
async fn an_absent_name_is_no_subscriber_and_any_other_failure_is_one() {
    for (code, expected) in [
        (ResponseCode::NXDomain, Ok(None)),
        (ResponseCode::ServFail, Err(Fault::Status(2))),
        (ResponseCode::Refused, Err(Fault::Status(5))),
        (ResponseCode::NoError, Err(Fault::Broken("no NAPTR record"))),
    ] {
        let server = server(move |question| {
            let mut answer = good(question, &[]);
            answer.metadata.response_code = code;
            vec![answer]
        });
        assert_eq!(tree(vec![server.await], 5_000).ask(DIGITS).await, expected);
    }
    let other = server(|question| vec![good(question, &[((1, 1), &TEXT.replace("0060", "0061"))])]);
    assert_eq!(tree(vec![other.await], 5_000).ask(DIGITS).await, Err(Fault::Broken("another number's")));
}

#[tokio::test]
async fn the_next_server_is_asked_where_one_is_silent() {
    let (silent, honest) = (server(|_| Vec::new()), server(|question| vec![good(question, &[((10, 100), TEXT)])]));
    let servers = vec![silent.await, honest.await];
    assert_eq!(tree(servers, 4_000).ask(DIGITS).await, Ok(Some(carrier())));
    let silent = server(|_| Vec::new()).await;
    assert_eq!(tree(vec![silent], 100).ask(DIGITS).await, Err(Fault::Timeout));
}

#[tokio::test]
async fn an_answer_that_was_cut_short_is_fetched_over_tcp() {
    let (socket, listener) = both().await;
    let address = serve(socket, |question| {
        let mut short = good(question, &[]);
        short.metadata.truncation = true;
        vec![short]
    });
    let over_tcp = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut question = vec![0; usize::from(stream.read_u16().await.unwrap())];
        stream.read_exact(&mut question).await.unwrap();
        let answer = good(&Message::from_vec(&question).unwrap(), &[((10, 100), TEXT)]).to_vec().unwrap();
        stream.write_u16(answer.len() as u16).await.unwrap();
        stream.write_all(&answer).await.unwrap();
    };
    let tree = tree(vec![address], 5_000);
    let (told, ()) = tokio::join!(tree.ask(DIGITS), over_tcp);
    assert_eq!(told, Ok(Some(carrier())));
}
