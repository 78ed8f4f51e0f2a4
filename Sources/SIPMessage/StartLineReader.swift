// SPDX-License-Identifier: AGPL-3.0-or-later

/// Reads the start line (RFC 3261 §7.1, §7.2): single spaces, nothing before or behind.
struct StartLineReader {
    /// nil for a response.
    let method: SIPMethod?
    /// 0 for a request.
    let status: Int
    /// The whole line of a request, the reason phrase of a response.
    let rest: Range<Int>

    init(_ scanner: HeaderScanner, _ line: Range<Int>, limits: ParseLimits) throws(Flaw) {
        let bytes = scanner.bytes
        for index in line where bytes[index] < 0x20 {
            throw Flaw(.malformedStartLine, "a control character in the start line")
        }
        guard let space = bytes[line].firstIndex(of: 0x20) else {
            throw Flaw(.malformedStartLine, "the start line has no spaces")
        }
        if space - line.lowerBound >= 4, scanner.bytes(line.lowerBound..<(line.lowerBound + 4)).isVersionPrefix {
            guard Self.isVersion2(scanner.bytes(line.lowerBound..<space)) else {
                throw Flaw(.unsupportedVersion, "the version is not SIP/2.0", status: 505)
            }
            let code = (space + 1)..<min(space + 4, line.upperBound)
            guard code.count == 3, let status = scanner.number(code),
                code.upperBound == line.upperBound || bytes[code.upperBound] == 0x20
            else { throw Flaw(.malformedStartLine, "the status is not three digits") }
            guard (100...699).contains(status) else { throw Flaw(.scalarOutOfRange, "the status is not 100 to 699") }
            self.method = nil
            self.status = status
            rest = min(code.upperBound + 1, line.upperBound)..<line.upperBound
            return
        }

        let method = line.lowerBound..<space
        guard scanner.isToken(method) else { throw Flaw(.malformedStartLine, "the method is no token") }
        guard let last = bytes[line].lastIndex(of: 0x20), last > space else {
            throw Flaw(.malformedStartLine, "the request line has no version")
        }
        let version = scanner.bytes((last + 1)..<line.upperBound)
        guard version.count >= 4, UnsafeRawBufferPointer(rebasing: version[0..<4]).isVersionPrefix else {
            throw Flaw(.malformedStartLine, "the request line does not end with the version")
        }
        guard Self.isVersion2(version) else {
            throw Flaw(.unsupportedVersion, "the version is not SIP/2.0", status: 505)
        }
        let uri = (space + 1)..<last
        guard uri.count <= limits.requestURIBytes else {
            throw Flaw(
                .requestURITooLong, "the Request-URI is longer than \(limits.requestURIBytes) bytes", status: 414)
        }
        guard !uri.isEmpty, !bytes[uri].contains(where: { $0 == 0x20 || $0 == 0x3C || $0 == 0x3E || $0 == 0x22 }) else {
            throw Flaw(.malformedStartLine, "the Request-URI is empty or holds spaces, quotes or brackets")
        }
        guard let colon = bytes[uri].firstIndex(of: 0x3A) else {
            throw Flaw(.malformedStartLine, "the Request-URI has no scheme")
        }
        guard Self.isSupported(scheme: scanner.bytes(uri.lowerBound..<colon)) else {
            throw Flaw(.unsupportedScheme, "the Request-URI has an unknown scheme", status: 416)
        }
        guard AddressCheck.isSound(uri: scanner.bytes(uri)) else {
            throw Flaw(.malformedStartLine, "the Request-URI has a broken percent escape")
        }
        self.method = SIPMethod(known: scanner.bytes(method))
        status = 0
        rest = line
    }

    func write(into structured: inout StructuredText, from bytes: UnsafeRawBufferPointer) {
        if method == nil {
            // Status and reason are read here; libosip2 need not see them.
            structured.append("SIP/2.0 200 OK\r\n")
        } else {
            structured.append(UnsafeRawBufferPointer(rebasing: bytes[rest]))
            structured.append("\r\n")
        }
    }

    private static func isSupported(scheme: UnsafeRawBufferPointer) -> Bool {
        scheme.isName("sip") || scheme.isName("sips") || scheme.isName("tel")
    }

    private static func isVersion2(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count == 7 && bytes[4] == 0x32 && bytes[5] == 0x2E && bytes[6] == 0x30
    }
}

extension UnsafeRawBufferPointer {
    /// `SIP/` in any case (RFC 3261 §7.1).
    fileprivate var isVersionPrefix: Bool {
        count == 4 && self[0] | 0x20 == 0x73 && self[1] | 0x20 == 0x69 && self[2] | 0x20 == 0x70 && self[3] == 0x2F
    }
}

extension SIPMethod {
    init(known bytes: UnsafeRawBufferPointer) { self.init(rawValue: String(decoding: bytes, as: UTF8.self)) }
}
