//! Options of security. The last of them that is set says which mechanism is
//! used; plain_server and curve_server set to false go back to none.

use super::row::{MOST, Row, Via};
use super::value::Sample::{Bool, Int, Text};

/// Any key: the one of zmq_curve(7).
const KEY: &str = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";

pub(super) static ROWS: &[Row] = &[
    Row::int("mechanism", 43, 0, 3)
        .read_only()
        .doc("Returns the security mechanism: 0 for none, 1 PLAIN, 2 CURVE, 3 GSSAPI."),
    Row::text("zap_domain", 55, 1, 254)
        .via(Via::Domain)
        .test(Text("global"))
        .doc("Sets the domain of a server, enforced unless zap_enforce_domain was set to false."),
    Row::bool("zap_enforce_domain", 93, false)
        .via(Via::Enforce)
        .test(Bool(false))
        .probed()
        .doc("Refuses clients while no authenticator is running; zap_domain turns it on."),
    Row::bool("plain_server", 44, false)
        .doc("Makes the socket a PLAIN server, which requires a user name and a password."),
    Row::text("plain_username", 45, 0, 255)
        .test(Text("admin"))
        .doc("Sets the user name of a PLAIN client; empty turns security off."),
    Row::text("plain_password", 46, 0, 255)
        .test(Text("sesame"))
        .secret()
        .doc("Sets the password of a PLAIN client; empty turns security off."),
    Row::bool("curve_server", 47, false)
        .needs("curve")
        .doc("Makes the socket a CURVE server; requires curve_secretkey."),
    Row::key("curve_publickey", 48)
        .needs("curve")
        .test(Text(KEY))
        .doc("Sets the public key of this socket."),
    Row::key("curve_secretkey", 49)
        .needs("curve")
        .test(Text(KEY))
        .secret()
        .doc("Sets the secret key of this socket."),
    Row::key("curve_serverkey", 50)
        .needs("curve")
        .test(Text(KEY))
        .doc("Sets the public key of the server that this client connects to."),
    Row::bool("gssapi_server", 62, false)
        .needs("gssapi")
        .doc("Makes the socket a GSSAPI server, which accepts clients authenticated by Kerberos."),
    Row::bool("gssapi_plaintext", 65, false)
        .needs("gssapi")
        .doc("Turns off encryption for GSSAPI; clients are still authenticated."),
    Row::text("gssapi_principal", 63, 1, 254)
        .test(Text("me@EXAMPLE.ORG"))
        .needs("gssapi")
        .doc("Sets the Kerberos principal of this socket."),
    Row::int("gssapi_principal_nametype", 90, 0, 2)
        .default(0)
        .test(Int(1))
        .needs("gssapi")
        .doc("Sets the type of gssapi_principal: 0 for a host, 1 a user, 2 a principal."),
    Row::text("gssapi_service_principal", 64, 1, 254)
        .test(Text("zmq@EXAMPLE.ORG"))
        .needs("gssapi")
        .doc("Sets the Kerberos principal of the server."),
    Row::int("gssapi_service_principal_nametype", 91, 0, 2)
        .default(0)
        .test(Int(1))
        .needs("gssapi")
        .doc("Sets the type of gssapi_service_principal: 0 for a host, 1 a user, 2 a principal."),
    Row::text("wss_key_pem", 103, 1, MOST)
        .write_only()
        .test(Text("key"))
        .needs("WSS")
        .secret()
        .doc("Sets the private key of a wss server, in PEM format."),
    Row::text("wss_cert_pem", 104, 1, MOST)
        .write_only()
        .test(Text("certificate"))
        .needs("WSS")
        .doc("Sets the certificate of a wss server, in PEM format."),
    Row::text("wss_trust_pem", 105, 1, MOST)
        .write_only()
        .test(Text("certificate"))
        .needs("WSS")
        .doc("Sets the certificates that a wss client trusts, in PEM format."),
    Row::text("wss_hostname", 106, 1, MOST)
        .write_only()
        .test(Text("example.org"))
        .needs("WSS")
        .doc("Sets the host name that a wss client expects in the server's certificate."),
    Row::bool("wss_trust_system", 107, false)
        .write_only()
        .needs("WSS")
        .doc("Makes a wss client trust the system's certificate authorities."),
];
