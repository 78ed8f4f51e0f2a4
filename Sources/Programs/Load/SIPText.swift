// SPDX-License-Identifier: AGPL-3.0-or-later

/// Just enough of a SIP message for a script: start line, headers by name, body. On purpose not the switch's own
/// reader: what is measured must not measure itself.
struct SIPText {
    var startLine: String
    private var headers: [(name: String, value: String)] = []
    var body: String

    init?(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        guard let first = lines.first, !first.isEmpty, let end = lines.firstIndex(of: "") else { return nil }
        startLine = String(first)
        for line in lines[1..<end] {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon].lowercased()
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            headers.append((SIPText.long[name] ?? name, String(value)))
        }
        body = lines[(end + 1)...].joined(separator: "\r\n")
    }

    private static let long = [
        "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type",
    ]

    func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
    func first(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// Of a response.
    var status: Int? {
        startLine.hasPrefix("SIP/2.0 ") ? Int(startLine.dropFirst(8).prefix(3)) : nil
    }

    /// Of the request, or of the request a response answers.
    var method: String {
        if status == nil { return String(startLine.prefix { $0 != " " }) }
        return first("cseq")?.split(separator: " ").last.map(String.init) ?? ""
    }

    /// The URI in angle brackets, or the bare value.
    static func uri(_ value: String) -> String {
        guard let open = value.firstIndex(of: "<"), let close = value.firstIndex(of: ">"), open < close else {
            return String(value.prefix { $0 != ";" })
        }
        return String(value[value.index(after: open)..<close])
    }

    /// Where the body wants speech sent.
    var mediaEndpoint: Endpoint? {
        var address: UInt32?
        var port: UInt16?
        for line in body.split(whereSeparator: { $0.isNewline }) {
            if line.hasPrefix("c=IN IP4 ") { address = Endpoint.address(line.dropFirst(9)) }
            if line.hasPrefix("m=audio "), port == nil {
                port = line.split(separator: " ").dropFirst().first.flatMap { UInt16($0) }
            }
        }
        guard let address, let port, port != 0 else { return nil }
        return Endpoint(address: address, port: port)
    }

    /// An offer or answer of one codec (RFC 3264).
    static func description(of endpoint: Endpoint, payloadType: UInt8) -> String {
        """
        v=0\r
        o=load 1 1 IN IP4 \(endpoint.host)\r
        s=-\r
        c=IN IP4 \(endpoint.host)\r
        t=0 0\r
        m=audio \(endpoint.port) RTP/AVP \(payloadType)\r
        a=rtpmap:\(payloadType) \(payloadType == 0 ? "PCMU" : "PCMA")/8000\r
        a=ptime:20\r
        a=sendrecv\r\n
        """
    }

    /// A response to this request, its Via, From, Call-ID and CSeq as they came (RFC 3261 §8.2.6).
    func response(_ status: String, toTag: String, contact: String, body: String = "") -> String {
        var text = "SIP/2.0 \(status)\r\n"
        for via in all("via") { text += "Via: \(via)\r\n" }
        for route in all("record-route") { text += "Record-Route: \(route)\r\n" }
        let to = first("to") ?? ""
        text += "From: \(first("from") ?? "")\r\n"
        text += "To: \(to)\(to.contains(";tag=") ? "" : ";tag=\(toTag)")\r\n"
        text += "Call-ID: \(first("call-id") ?? "")\r\nCSeq: \(first("cseq") ?? "")\r\nContact: <\(contact)>\r\n"
        if !body.isEmpty { text += "Content-Type: application/sdp\r\n" }
        return text + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
    }
}
