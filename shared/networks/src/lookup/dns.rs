//! A lookup in an ENUM tree: the number's digits as a domain name, and a NAPTR record that says who serves it
//! (RFC 6116 3.2).
//!
//! Of DNS only its messages come from a library: a resolver would cache under the number and write it to the log.
//! An answer counts if it comes from the server that was asked, to the port that asked, with the id and the question.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use hickory_proto::{
    op::{Message, MessageType, OpCode, Query, ResponseCode},
    rr::{Name, RData, RecordType, rdata::NAPTR},
};
use sna_numbers::Msisdn;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

use super::{Carrier, Fault, Looking, Lookup, tel};

/// The most that a server may send over UDP to who does not ask for more (RFC 1035 4.2.1).
const DATAGRAM: usize = 512;

/// An ENUM tree and its servers.
pub(crate) struct Tree {
    servers: Vec<SocketAddr>,
    suffix: Name,
    /// How long one server may take, so that the next has its turn within the deadline.
    patience: Duration,
}

impl Lookup for Tree {
    fn look<'a>(&'a self, number: &'a Msisdn) -> Looking<'a> {
        Box::pin(self.ask(number.digits()))
    }
}

impl Tree {
    pub fn new(servers: Vec<SocketAddr>, suffix: &str, deadline: Duration) -> Result<Self, String> {
        let suffix = Name::from_ascii(suffix).map_err(|_| "suffix is no domain name")?;
        let turns = u32::try_from(servers.len()).unwrap_or(u32::MAX).saturating_mul(ROUNDS);
        let patience = deadline.checked_div(turns).ok_or("an enum source needs servers")?;
        let tree = Self { servers, suffix, patience };
        // The longest number must fit.
        tree.name("123456789012345").map_err(|_| "suffix is too long")?;
        Ok(tree)
    }

    fn name(&self, digits: &str) -> Result<Name, Fault> {
        let labels = digits.as_bytes().chunks(1).rev();
        let name = Name::from_labels(labels).and_then(|name| name.append_domain(&self.suffix));
        name.map_err(|_| Fault::Broken("no domain name"))
    }

    async fn ask(&self, digits: &str) -> Result<Option<Carrier>, Fault> {
        let name = self.name(digits)?;
        let mut last = Fault::Timeout;
        for server in self.servers.iter().cycle().take(self.servers.len() * ROUNDS as usize) {
            let answer = timeout(self.patience, exchange(*server, &name)).await.unwrap_or(Err(Fault::Timeout));
            match answer.and_then(|answer| read(&answer, digits)) {
                Ok(carrier) => return Ok(carrier),
                Err(fault) => last = fault,
            }
        }
        Err(last)
    }
}

/// How often each server is asked: datagrams are lost.
const ROUNDS: u32 = 2;

async fn exchange(server: SocketAddr, name: &Name) -> Result<Message, Fault> {
    let mut id = [0; 2];
    getrandom::fill(&mut id).map_err(|_| Fault::Broken("no randomness"))?;
    let mut question = Message::new(u16::from_be_bytes(id), MessageType::Query, OpCode::Query);
    question.metadata.recursion_desired = true;
    question.add_query(Query::query(name.clone(), RecordType::NAPTR));
    let bytes = question.to_vec().map_err(|_| Fault::Broken("no question"))?;
    let answer = by_datagram(server, &bytes, &question).await.map_err(unreachable)?;
    if !answer.metadata.truncation {
        return Ok(answer);
    }
    let answer = by_stream(server, &bytes).await.map_err(unreachable)?;
    Message::from_vec(&answer).ok().filter(|answer| answers(answer, &question)).ok_or(Fault::Broken("not an answer"))
}

/// What is no answer to the question is somebody else's, and the true one may still come.
async fn by_datagram(server: SocketAddr, bytes: &[u8], question: &Message) -> io::Result<Message> {
    let own: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((own, 0)).await?;
    socket.connect(server).await?;
    socket.send(bytes).await?;
    let mut buffer = [0; DATAGRAM];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let answer = buffer.get(..length).and_then(|bytes| Message::from_vec(bytes).ok());
        if let Some(answer) = answer.filter(|answer| answers(answer, question)) {
            return Ok(answer);
        }
    }
}

/// Over TCP a message comes behind its length (RFC 1035 4.2.2), which is at most 64 KiB.
async fn by_stream(server: SocketAddr, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes()[..], bytes].concat()).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

fn unreachable(_: io::Error) -> Fault {
    Fault::Unreachable(sna_operators::Unreachable::Failed)
}

fn answers(answer: &Message, question: &Message) -> bool {
    answer.metadata.message_type == MessageType::Response
        && answer.metadata.id == question.metadata.id
        && answer.queries == question.queries
}

/// What the tree says: its most preferred `tel:` record (RFC 3403 4.1: the order, then the preference).
fn read(answer: &Message, digits: &str) -> Result<Option<Carrier>, Fault> {
    match answer.metadata.response_code {
        ResponseCode::NoError => {}
        ResponseCode::NXDomain => return Ok(None),
        other => return Err(Fault::Status(other.into())),
    }
    let mut records: Vec<&NAPTR> = answer
        .answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::NAPTR(record) if record.flags.eq_ignore_ascii_case(b"u") => Some(record),
            _ => None,
        })
        .collect();
    records.sort_by_key(|record| (record.order, record.preference));
    let mut last = Fault::Broken("no NAPTR record");
    for record in records {
        match tel::carrier(&record.regexp, digits) {
            Ok(carrier) if carrier.spid.is_some() || carrier.mcc_mnc.is_some() => return Ok(Some(carrier)),
            Ok(_) => last = Fault::Broken("no carrier"),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

#[cfg(test)]
#[path = "dns_tests.rs"]
mod tests;
