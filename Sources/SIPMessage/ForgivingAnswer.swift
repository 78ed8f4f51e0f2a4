// SPDX-License-Identifier: AGPL-3.0-or-later

/// Makes the answer to a request that could not be read: a second, forgiving look that wants no more than what a
/// response must copy (RFC 3261 §8.2.6.2).
enum ForgivingAnswer {
    static func make(to bytes: UnsafeRawBufferPointer, for flaw: Flaw, limits: ParseLimits) -> SIPMessage? {
        let window = UnsafeRawBufferPointer(rebasing: bytes[..<min(bytes.count, limits.headerBytes)])
        var scanner = HeaderScanner(window)
        guard let startLine = scanner.startLine(), isAnswerableRequest(scanner, startLine) else { return nil }

        var structured = StructuredText(capacity: window.count + 20 * limits.headerLines + 64)
        defer { structured.free() }
        structured.append("OPTIONS sip:a SIP/2.0\r\n")
        guard let (callID, cseq) = collect(scanner, limits, into: &structured) else { return nil }
        do throws(Flaw) {
            try structured.check(limits)
            structured.append("\r\n")
            let grammar = try structured.read()
            guard let from = grammar.from, let to = grammar.to, !grammar.vias.isEmpty else { return nil }
            let request = SIPMessage(
                startLine: .request(cseq.method, SIPURI(host: "a")), vias: grammar.vias, from: from, to: to,
                callID: callID, cseq: cseq)
            return request.response(flaw.status, toTag: tag(request))
        } catch { return nil }
    }

    /// A request ends its start line with a version; ACK is never answered (§17.1.1.3).
    private static func isAnswerableRequest(_ scanner: HeaderScanner, _ line: Range<Int>) -> Bool {
        let bytes = scanner.bytes
        guard let space = bytes[line].firstIndex(of: 0x20), scanner.isToken(line.lowerBound..<space),
            !(scanner.bytes(line.lowerBound..<space).elementsEqual("ACK".utf8))
        else { return false }
        var end = line.upperBound
        while end > space, bytes[end - 1].isLineSpace { end -= 1 }
        guard let last = bytes[line.lowerBound..<end].lastIndex(of: 0x20), last > space, end - last > 5 else {
            return false
        }
        return scanner.bytes((last + 1)..<(last + 5)).elementsEqual("SIP/".utf8)
    }

    /// All Vias, the first From, To, Call-ID and CSeq.
    private static func collect(
        _ scanner: HeaderScanner, _ limits: ParseLimits, into structured: inout StructuredText
    ) -> (String, CSeq)? {
        var scanner = scanner
        var callID: String?
        var cseq: CSeq?
        var hasFrom = false
        var hasTo = false
        for _ in 0..<limits.headerLines {
            guard case .line(let line) = scanner.next() else { break }
            if scanner.hasControlCharacter(line) { continue }
            switch HeaderKind(scanner.bytes(line.name)) {
            case .via: structured.append("Via: ", line, of: scanner.bytes)
            case .from where !hasFrom:
                hasFrom = true
                structured.append(addresses: "From: ", line, of: scanner.bytes)
            case .to where !hasTo:
                hasTo = true
                structured.append(addresses: "To: ", line, of: scanner.bytes)
            case .callID where callID == nil && !line.value.isEmpty:
                callID = scanner.text(line.value, isFolded: line.isFolded)
            case .cseq where cseq == nil:
                do throws(Flaw) { cseq = try CSeq(line, scanner) } catch { return nil }
            default: break
            }
        }
        guard let callID, let cseq, cseq.method != .ack else { return nil }
        return (callID, cseq)
    }

    /// The same for every retransmission, without remembering any: FNV-1a over what tells transactions apart.
    private static func tag(_ request: SIPMessage) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        mix(request.callID)
        mix(request.from.tag ?? "")
        mix(request.vias.first?.branch ?? "")
        return "x" + String(hash, radix: 36)
    }
}
