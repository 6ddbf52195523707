//! The client's side of CurveZMQ (RFC 26), with keys that are always the same.

use libsodium_sys::{
    crypto_box_MACBYTES as MAC, crypto_box_easy, crypto_box_open_easy, crypto_box_seed_keypair,
};

const KEY: usize = 32;

type Key = [u8; KEY];

/// Returns the key pair of a seed.
fn pair(seed: u8) -> (Key, Key) {
    let (mut public, mut secret) = ([0; KEY], [0; KEY]);
    // SAFETY: all three have 32 bytes.
    unsafe {
        crypto_box_seed_keypair(public.as_mut_ptr(), secret.as_mut_ptr(), [seed; KEY].as_ptr());
    }
    (public, secret)
}

/// Returns the secret key of all servers.
pub fn server_secret() -> Key {
    pair(1).1
}

fn nonce(prefix: &[u8], rest: &[u8]) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce[..prefix.len()].copy_from_slice(prefix);
    nonce[prefix.len()..].copy_from_slice(rest);
    nonce
}

fn seal(plain: &[u8], nonce: [u8; 24], public: &Key, secret: &Key) -> Vec<u8> {
    let mut sealed = vec![0; plain.len() + MAC as usize];
    // SAFETY: the result is longer by an authenticator; keys and nonce have their sizes.
    unsafe {
        let (place, length) = (sealed.as_mut_ptr(), plain.len() as u64);
        let (nonce, public) = (nonce.as_ptr(), public.as_ptr());
        crypto_box_easy(place, plain.as_ptr(), length, nonce, public, secret.as_ptr());
    }
    sealed
}

fn open(sealed: &[u8], nonce: [u8; 24], public: &Key, secret: &Key) -> Option<Vec<u8>> {
    let mut plain = vec![0; sealed.len().checked_sub(MAC as usize)?];
    // SAFETY: as in `seal`.
    let result = unsafe {
        let (place, length) = (plain.as_mut_ptr(), sealed.len() as u64);
        let (nonce, public) = (nonce.as_ptr(), public.as_ptr());
        crypto_box_open_easy(place, sealed.as_ptr(), length, nonce, public, secret.as_ptr())
    };
    (result == 0).then_some(plain)
}

/// A connection of a client.
#[derive(Default)]
pub struct Curve {
    /// The server's key for this connection.
    server: Key,
    /// The number of boxes that were sent.
    count: u64,
}

impl Curve {
    fn next(&mut self) -> [u8; 8] {
        self.count += 1;
        self.count.to_be_bytes()
    }

    pub fn hello(&mut self) -> Vec<u8> {
        let (public, secret) = pair(3);
        let count = self.next();
        let sealed = seal(&[0; 64], nonce(b"CurveZMQHELLO---", &count), &pair(1).0, &secret);
        [b"\x05HELLO\x01\0", &[0; 72][..], &public, &count, &sealed].concat()
    }

    pub fn initiate(&mut self, welcome: &[u8], properties: &[u8]) -> Option<Vec<u8>> {
        let welcome = welcome.strip_prefix(b"\x07WELCOME")?;
        let (number, sealed) = welcome.split_at_checked(16)?;
        let (own, secret) = pair(3);
        let server = pair(1).0;
        let plain = open(sealed, nonce(b"WELCOME-", number), &server, &secret)?;
        let (key, cookie) = plain.split_at_checked(KEY)?;
        self.server = key.try_into().ok()?;
        let (public, permanent) = pair(2);
        let number = [7; 16];
        let vouched = [own, server].concat();
        let vouch = seal(&vouched, nonce(b"VOUCH---", &number), &self.server, &permanent);
        let plain = [&public[..], &number, &vouch, properties].concat();
        let count = self.next();
        let nonce = nonce(b"CurveZMQINITIATE", &count);
        let sealed = seal(&plain, nonce, &self.server, &secret);
        Some([b"\x08INITIATE", cookie, &count, &sealed].concat())
    }

    pub fn message(&mut self, flags: u8, body: &[u8]) -> Vec<u8> {
        let plain = [&[flags], body].concat();
        let count = self.next();
        let nonce = nonce(b"CurveZMQMESSAGEC", &count);
        [b"\x07MESSAGE", &count[..], &seal(&plain, nonce, &self.server, &pair(3).1)].concat()
    }
}
