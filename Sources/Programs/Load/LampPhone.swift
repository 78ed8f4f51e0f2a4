// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// A telephone that watches lamps, with a socket of its own; it may also be called, and then rings.
final class LampPhone {
    let seat: String
    let socket: SIPSocket
    private let secret: String
    private let remote: Endpoint
    private let run: String
    /// REGISTERs and SUBSCRIBEs that wait for their last answer, by Call-ID.
    private(set) var waiting: [String: String] = [:]
    /// What each subscription watches, by Call-ID.
    private(set) var watched: [String: String] = [:]
    private(set) var refused = 0
    private var last = 0

    init(seat: String, secret: String, local: UInt32, remote: Endpoint, run: String) throws {
        self.seat = seat
        self.secret = secret
        self.remote = remote
        self.run = run
        socket = try SIPSocket(Endpoint(address: local, port: 0))
    }

    func register() { send("REGISTER", to: "sip:\(remote.host)", of: seat, headers: "Expires: 3600\r\n") }

    func watch(_ lamp: String) {
        let callID = send(
            "SUBSCRIBE", to: "sip:\(lamp)@\(remote.host)", of: lamp, headers: "Event: dialog\r\nExpires: 3600\r\n")
        watched[callID] = lamp
    }

    @discardableResult
    private func send(_ method: String, to uri: String, of number: String, headers: String) -> String {
        last += 1
        let callID = "\(run)-\(seat)-\(last)"
        let text = request(method, uri, number, callID, sequence: 1, headers: headers)
        waiting[callID] = text
        socket.send(text, to: remote)
        return callID
    }

    private func request(
        _ method: String, _ uri: String, _ number: String, _ callID: String, sequence: Int, headers: String
    ) -> String {
        """
        \(method) \(uri) SIP/2.0\r
        Via: SIP/2.0/UDP \(socket.local.host):\(socket.local.port);rport;branch=z9hG4bK\(callID)-\(sequence)\r
        Max-Forwards: 70\r
        From: <sip:\(seat)@\(remote.host)>;tag=\(callID)\r
        To: <sip:\(number)@\(remote.host)>\r
        Call-ID: \(callID)\r
        CSeq: \(sequence) \(method)\r
        Contact: <sip:\(seat)@\(socket.local.host):\(socket.local.port)>\r
        \(headers)Content-Length: 0\r
        \r\n
        """
    }

    /// What was not answered is sent once more.
    func repeatRequests() { for text in waiting.values { socket.send(text, to: remote) } }

    func answered(_ message: SIPText) {
        guard let status = message.status, status >= 200, let callID = message.first("call-id"), waiting[callID] != nil
        else { return }
        let method = message.method
        if status == 401, let challenge = message.first("www-authenticate"),
            message.first("cseq")?.hasPrefix("1 ") == true
        {
            let number = watched[callID] ?? seat
            let uri = method == "REGISTER" ? "sip:\(remote.host)" : "sip:\(number)@\(remote.host)"
            let rest = method == "REGISTER" ? "Expires: 3600\r\n" : "Event: dialog\r\nExpires: 3600\r\n"
            let text = request(
                method, uri, number, callID, sequence: 2,
                headers: rest + "Authorization: \(authorization(method, uri, challenge))\r\n")
            waiting[callID] = text
            socket.send(text, to: remote)
        } else {
            waiting[callID] = nil
            if status >= 300 { refused += 1 }
        }
    }

    /// RFC 2617 §3.2.2, with `qop=auth` and one use of each nonce.
    private func authorization(_ method: String, _ uri: String, _ challenge: String) -> String {
        func value(_ name: String) -> String {
            guard let at = challenge.range(of: "\(name)=\"") else { return "" }
            return String(challenge[at.upperBound...].prefix { $0 != "\"" })
        }
        let (realm, nonce) = (value("realm"), value("nonce"))
        let mine = MD5.hex("\(seat):\(realm):\(secret)")
        let response = MD5.hex("\(mine):\(nonce):00000001:load:auth:\(MD5.hex("\(method):\(uri)"))")
        return "Digest username=\"\(seat)\", realm=\"\(realm)\", nonce=\"\(nonce)\", uri=\"\(uri)\", qop=auth, "
            + "nc=00000001, cnonce=\"load\", response=\"\(response)\", algorithm=MD5"
    }
}

extension String {
    /// Where `part` stands first.
    fileprivate func range(of part: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
            start = index(after: start)
        }
        return nil
    }
}
