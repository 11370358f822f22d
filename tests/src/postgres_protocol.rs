//! The messages of the Postgres protocol, as far as a proxy between a program and Postgres needs
//! them. The server must trust its users.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The codes with which a client asks for encryption before its startup message.
const ENCRYPTION_REQUESTS: [u32; 2] = [80_877_103, 80_877_104];

/// The largest message that is passed on.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// Reads the startup message; refuses encryption.
pub async fn read_startup(
    client: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> io::Result<Vec<u8>> {
    loop {
        let length = client.read_u32().await?;
        let mut message = length.to_be_bytes().to_vec();
        message.resize(check_length(length)?, 0);
        client.read_exact(&mut message[4..]).await?;
        let code = message.get(4..8).and_then(|code| code.try_into().ok());
        let code = code.map_or(0, u32::from_be_bytes);
        if !ENCRYPTION_REQUESTS.contains(&code) {
            return Ok(message);
        }
        client.write_all(b"N").await?;
    }
}

/// Reads a message to the end of `to`, and returns its kind.
pub async fn read_message(from: &mut (impl AsyncRead + Unpin), to: &mut Vec<u8>) -> io::Result<u8> {
    let kind = from.read_u8().await?;
    let length = from.read_u32().await?;
    let begin = to.len() + 5;
    to.push(kind);
    to.extend(length.to_be_bytes());
    to.resize(begin + check_length(length)? - 4, 0);
    from.read_exact(&mut to[begin..]).await?;
    Ok(kind)
}

/// Builds a message of a kind.
pub fn encode_message(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 4).unwrap_or(u32::MAX);
    [&[kind][..], &length.to_be_bytes(), content].concat()
}

/// The value of a parameter of the startup message.
pub fn startup_parameter<'a>(startup: &'a [u8], name: &str) -> Option<&'a str> {
    let words = startup.get(8..)?.split(|byte| *byte == 0);
    let words: Vec<&[u8]> = words.collect();
    let mut pairs = words.chunks_exact(2);
    let value = pairs.find(|pair| pair[0] == name.as_bytes())?[1];
    std::str::from_utf8(value).ok()
}

fn check_length(length: u32) -> io::Result<usize> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if (4..=MAX_MESSAGE).contains(&length) {
        Ok(length)
    } else {
        Err(io::Error::other("not a message of Postgres"))
    }
}
