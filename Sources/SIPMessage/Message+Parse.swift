// SPDX-License-Identifier: AGPL-3.0-or-later

extension SIPMessage {
    /// Reads one message. Nothing that arrives can trap or take more than linear time in `limits`.
    ///
    /// Start line, line folding, compact names, scalars and the body are read here; the grammar of URIs, addresses,
    /// Vias and their lists is libosip2's, which gets to see those headers only.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer, limits: ParseLimits = .datagram
    ) throws(SIPParseError) -> SIPMessage {
        do throws(Flaw) {
            var reader = MessageReader(bytes, limits: limits)
            return try reader.read()
        } catch {
            throw SIPParseError(
                reason: error.reason, detail: error.detail,
                answer: error.reason == .keepAlive ? nil : ForgivingAnswer.make(to: bytes, for: error, limits: limits))
        }
    }

    /// As ``parse(_:limits:)`` of raw bytes.
    public static func parse(_ bytes: [UInt8], limits: ParseLimits = .datagram) throws(SIPParseError) -> SIPMessage {
        let result = bytes.withUnsafeBytes { raw -> Result<SIPMessage, SIPParseError> in
            do throws(SIPParseError) { return .success(try parse(raw, limits: limits)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

/// One reading of one message. The scan comes first and collects what libosip2 shall read in `structured`.
struct MessageReader {
    private let bytes: UnsafeRawBufferPointer
    private let limits: ParseLimits
    private var scanner: HeaderScanner

    private var fromCount = 0
    private var toCount = 0
    private var hasVia = false
    private var callID: String?
    private var cseq: CSeq?
    private var maxForwards: Int?
    private var contentType: String?
    private var contentLength: Int?
    private var headers: [SIPHeader] = []

    init(_ bytes: UnsafeRawBufferPointer, limits: ParseLimits) {
        self.bytes = bytes
        self.limits = limits
        scanner = HeaderScanner(bytes)
    }

    mutating func read() throws(Flaw) -> SIPMessage {
        if SIPMessage.isKeepAlive(bytes) { throw Flaw(.keepAlive, "a keep-alive") }
        guard bytes.count <= limits.messageBytes else {
            throw Flaw(.tooLarge, "the message is larger than \(limits.messageBytes) bytes", status: 513)
        }
        guard let lineRange = scanner.startLine() else { throw Flaw(.unterminated, "no line end") }
        let startLine = try StartLineReader(scanner, lineRange, limits: limits)

        // A structured line grows by less than 20 bytes when its compact name is written out.
        var structured = StructuredText(
            capacity: min(bytes.count, limits.headerBytes) + 20 * limits.headerLines + 64)
        defer { structured.free() }
        startLine.write(into: &structured, from: bytes)

        headers.reserveCapacity(8)
        let body = try readHeaders(into: &structured)
        try checkMandatory(startLine)
        try structured.check(limits)

        structured.append("\r\n")
        let grammar = try structured.read()
        return try message(startLine, grammar, body: try bodyRange(from: body))
    }

    private mutating func readHeaders(into structured: inout StructuredText) throws(Flaw) -> Int {
        var lines = 0
        while true {
            let line: HeaderScanner.Line
            switch scanner.next() {
            case .line(let next): line = next
            case .malformed: throw Flaw(.malformedHeader, "a header line has no name or no colon")
            case .unterminated: throw Flaw(.unterminated, "no empty line behind the headers")
            case .end(let body): return body
            }
            lines += 1
            guard lines <= limits.headerLines else {
                throw Flaw(.tooLarge, "more than \(limits.headerLines) header lines", status: 513)
            }
            guard scanner.position <= limits.headerBytes else {
                throw Flaw(.tooLarge, "more than \(limits.headerBytes) bytes of headers", status: 513)
            }
            try checkCharacters(line)
            try read(line, into: &structured)
        }
    }

    private func checkCharacters(_ line: HeaderScanner.Line) throws(Flaw) {
        guard scanner.isToken(line.name) else { throw Flaw(.malformedHeader, "a header name is no token") }
        if scanner.hasControlCharacter(line) { throw Flaw(.malformedHeader, "a control character in a header") }
    }

    private mutating func read(_ line: HeaderScanner.Line, into structured: inout StructuredText) throws(Flaw) {
        switch HeaderKind(scanner.bytes(line.name)) {
        case .via:
            hasVia = true
            structured.append("Via: ", line, of: bytes)
        case .from:
            fromCount += 1
            structured.append(addresses: "From: ", line, of: bytes)
        case .to:
            toCount += 1
            structured.append(addresses: "To: ", line, of: bytes)
        case .contact: structured.append(addresses: "Contact: ", line, of: bytes)
        case .route: structured.append(addresses: "Route: ", line, of: bytes)
        case .recordRoute: structured.append(addresses: "Record-Route: ", line, of: bytes)
        case .callID:
            guard callID == nil else { throw Flaw(.duplicateHeader, "two Call-IDs") }
            guard !line.value.isEmpty else { throw Flaw(.malformedHeader, "Call-ID is empty") }
            callID = scanner.text(line.value, isFolded: line.isFolded)
        case .cseq:
            guard cseq == nil else { throw Flaw(.duplicateHeader, "two CSeqs") }
            cseq = try CSeq(line, scanner)
        case .maxForwards:
            guard maxForwards == nil else { throw Flaw(.duplicateHeader, "two Max-Forwards") }
            guard let value = scanner.number(line.value), value <= 255 else {
                throw Flaw(.scalarOutOfRange, "Max-Forwards is not 0 to 255")
            }
            maxForwards = value
        case .contentType:
            guard contentType == nil else { throw Flaw(.duplicateHeader, "two Content-Types") }
            contentType = scanner.text(line.value, isFolded: line.isFolded)
        case .contentLength:
            guard contentLength == nil else { throw Flaw(.duplicateHeader, "two Content-Lengths") }
            guard let value = scanner.number(line.value) else {
                throw Flaw(.contentLength, "Content-Length is no number")
            }
            contentLength = value
        case .other:
            var name: String?
            if line.name.count == 1 { name = HeaderKind.longName(ofCompact: bytes[line.name.lowerBound]) }
            headers.append(
                SIPHeader(name ?? scanner.text(line.name), scanner.text(line.value, isFolded: line.isFolded)))
        }
    }

    private func checkMandatory(_ startLine: StartLineReader) throws(Flaw) {
        guard hasVia else { throw Flaw(.missingHeader, "no Via") }
        guard fromCount > 0 else { throw Flaw(.missingHeader, "no From") }
        guard toCount > 0 else { throw Flaw(.missingHeader, "no To") }
        guard fromCount == 1, toCount == 1 else { throw Flaw(.duplicateHeader, "two From or two To") }
        guard callID != nil else { throw Flaw(.missingHeader, "no Call-ID") }
        guard let cseq else { throw Flaw(.missingHeader, "no CSeq") }
        if let method = startLine.method, cseq.method != method {
            throw Flaw(.methodMismatch, "CSeq names another method than the request line")
        }
    }

    /// RFC 3261 §18.3.
    private func bodyRange(from start: Int) throws(Flaw) -> Range<Int> {
        guard let contentLength else {
            guard limits.isDatagram else { throw Flaw(.contentLength, "no Content-Length on a stream") }
            return start..<bytes.count
        }
        guard contentLength <= bytes.count - start else {
            throw Flaw(.contentLength, "the body is shorter than Content-Length")
        }
        return start..<(start + contentLength)
    }

    private func message(
        _ startLine: StartLineReader, _ grammar: Grammar, body: Range<Int>
    ) throws(Flaw) -> SIPMessage {
        guard let from = grammar.from, let to = grammar.to, let callID, let cseq, !grammar.vias.isEmpty else {
            throw Flaw(.missingHeader, "Via, From or To is empty")
        }
        let line: SIPMessage.StartLine
        if let method = startLine.method {
            guard let uri = grammar.requestURI else { throw Flaw(.malformedStartLine, "no Request-URI") }
            guard uri.headers.isEmpty else { throw Flaw(.malformedStartLine, "the Request-URI has headers") }
            line = .request(method, uri)
        } else {
            line = .response(status: startLine.status, reason: scanner.text(startLine.rest))
        }
        return SIPMessage(
            startLine: line, vias: grammar.vias, from: from, to: to, callID: callID, cseq: cseq,
            maxForwards: maxForwards, contacts: grammar.contacts, hasWildcardContact: grammar.hasWildcardContact,
            routes: grammar.routes, recordRoutes: grammar.recordRoutes, contentType: contentType, headers: headers,
            body: body.isEmpty ? [] : [UInt8](bytes[body]))
    }
}

extension CSeq {
    /// `1*DIGIT LWS Method`, the number below 2³¹ (RFC 3261 §8.1.1.5).
    init(_ line: HeaderScanner.Line, _ scanner: HeaderScanner) throws(Flaw) {
        var digits = line.value.lowerBound
        while digits < line.value.upperBound, scanner.bytes[digits] &- 0x30 <= 9 { digits += 1 }
        var method = digits
        while method < line.value.upperBound, scanner.bytes[method].isLineSpace { method += 1 }
        guard digits > line.value.lowerBound, method > digits, scanner.isToken(method..<line.value.upperBound) else {
            throw Flaw(.malformedHeader, "CSeq is not a number and a method")
        }
        guard let number = scanner.number(line.value.lowerBound..<digits), number <= Int(Int32.max) else {
            throw Flaw(.scalarOutOfRange, "the CSeq number is not below 2^31")
        }
        self.init(UInt32(number), SIPMethod(known: scanner.bytes(method..<line.value.upperBound)))
    }
}
