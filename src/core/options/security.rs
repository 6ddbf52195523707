//! Options of security. The last of them that is set says which mechanism is
//! used; plain_server and curve_server set to false go back to none.

use super::row::{MOST, Row, Via};
use super::value::Sample::{Bool, Int, Text};

/// Any key: the one of zmq_curve(7).
const KEY: &str = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";

pub(super) static ROWS: &[Row] = &[
    Row::int("mechanism", 43, 0, 3)
        .read_only()
        .doc("What is used: 0 none, 1 PLAIN, 2 CURVE, 3 GSSAPI."),
    Row::text("zap_domain", 55, 1, 254)
        .test(Text("global"))
        .doc("The domain in which peers are authenticated; it cannot be emptied again."),
    Row::bool("zap_enforce_domain", 93, false)
        .via(Via::Enforce)
        .test(Bool(false))
        .probed()
        .doc("Peers are refused when there is nobody to authenticate them."),
    Row::bool("plain_server", 44, false).doc("Asks its peers for a user name and a password."),
    Row::text("plain_username", 45, 0, 254)
        .test(Text("admin"))
        .doc("The user name for a PLAIN server; empty goes back to no security."),
    Row::text("plain_password", 46, 0, 254)
        .test(Text("sesame"))
        .secret()
        .doc("The password for a PLAIN server; empty goes back to no security."),
    Row::bool("curve_server", 47, false)
        .needs("curve")
        .doc("Takes peers that know its public key; needs curve_secretkey."),
    Row::key("curve_publickey", 48)
        .needs("curve")
        .test(Text(KEY))
        .doc("The public key of this socket."),
    Row::key("curve_secretkey", 49)
        .needs("curve")
        .test(Text(KEY))
        .secret()
        .doc("The secret key of this socket."),
    Row::key("curve_serverkey", 50)
        .needs("curve")
        .test(Text(KEY))
        .doc("The public key of the server that this socket connects to."),
    Row::bool("gssapi_server", 62, false).needs("gssapi").doc("Takes peers that Kerberos knows."),
    Row::bool("gssapi_plaintext", 65, false)
        .needs("gssapi")
        .doc("Authenticates without encryption."),
    Row::text("gssapi_principal", 63, 1, 254)
        .test(Text("me@EXAMPLE.ORG"))
        .needs("gssapi")
        .doc("The name of this socket for Kerberos."),
    Row::int("gssapi_principal_nametype", 90, 0, 2)
        .default(0)
        .test(Int(1))
        .needs("gssapi")
        .doc("What gssapi_principal is: 0 a host, 1 a user, 2 a principal."),
    Row::text("gssapi_service_principal", 64, 1, 254)
        .test(Text("zmq@EXAMPLE.ORG"))
        .needs("gssapi")
        .doc("The name of the server for Kerberos."),
    Row::int("gssapi_service_principal_nametype", 91, 0, 2)
        .default(0)
        .test(Int(1))
        .needs("gssapi")
        .doc("What gssapi_service_principal is: 0 a host, 1 a user, 2 a principal."),
    Row::text("wss_key_pem", 103, 1, MOST)
        .write_only()
        .test(Text("key"))
        .needs("WSS")
        .secret()
        .doc("wss: the secret key of the server."),
    Row::text("wss_cert_pem", 104, 1, MOST)
        .write_only()
        .test(Text("certificate"))
        .needs("WSS")
        .doc("wss: the certificate of the server."),
    Row::text("wss_trust_pem", 105, 1, MOST)
        .write_only()
        .test(Text("certificate"))
        .needs("WSS")
        .doc("wss: the authorities that are trusted."),
    Row::text("wss_hostname", 106, 1, MOST)
        .write_only()
        .test(Text("example.org"))
        .needs("WSS")
        .doc("wss: the name of the host that is connected to."),
    Row::bool("wss_trust_system", 107, false)
        .write_only()
        .needs("WSS")
        .doc("wss: trusts the authorities that the system trusts."),
];
