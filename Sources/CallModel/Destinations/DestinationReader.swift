// SPDX-License-Identifier: AGPL-3.0-or-later

/// Takes a destination's text apart. The only place that knows its grammar.
struct DestinationReader {
    /// Stands for what is not known yet; nil when everything is.
    let hole: Character?

    func destination(_ text: some StringProtocol) throws(DestinationError) -> Destination {
        let text = String(text.trimmingBlanks)
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= Destination.longestText else { throw .tooLong }
        guard let slash = text.firstIndex(of: "/") else { return try withoutSlash(text) }
        let rest = String(text[text.index(after: slash)...])
        let scheme = String(text[..<slash])
        guard DestinationReader.isScheme(scheme) else { throw .malformed(text, expected: "SCHEME/NAME") }
        switch scheme.lowercased() {
        case "seat":
            guard isNumber(rest) else { throw .malformed(text, expected: "Seat/NUMBER") }
            return .seat(rest)
        case "trunk":
            guard let trunk = trunk(rest) else { throw .malformed(text, expected: "Trunk/NAME/NUMBER") }
            return trunk
        case "sip", "pjsip": return try channel(rest, of: text, technology: scheme)
        case "context":
            guard let place = place(rest.split(separator: "/", omittingEmptySubsequences: false)) else {
                throw .malformed(text, expected: "Context/CONTEXT/EXTEN")
            }
            return place
        case "local":
            guard let place = local(rest) else { throw .malformed(text, expected: "Local/EXTEN@CONTEXT") }
            return place
        case "hangup":
            guard let cause = HangupCause(text: rest) else { throw .unknownCause(rest) }
            return .hangUp(cause)
        case let scheme:
            let steps = rest.split(separator: "/", omittingEmptySubsequences: false)
            guard steps.allSatisfy({ isName($0) }) else { throw .malformed(text, expected: "SCHEME/NAME") }
            return .other(scheme: scheme, name: rest)
        }
    }

    private func withoutSlash(_ text: String) throws(DestinationError) -> Destination {
        if text.contains(",") {
            let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingBlanks }
            guard let place = place(parts) else { throw .malformed(text, expected: "CONTEXT,EXTEN[,PRIORITY]") }
            return place
        }
        guard DestinationReader.isScheme(text) else {
            guard isNumber(text) else { throw .malformed(text, expected: "SCHEME/NAME") }
            return .number(text)
        }
        switch text.lowercased() {
        case "hangup": return .hangUp(nil)
        case "seat", "sip", "pjsip": throw .malformed(text, expected: "\(text)/NUMBER")
        case "trunk": throw .malformed(text, expected: "Trunk/NAME/NUMBER")
        case "context": throw .malformed(text, expected: "Context/CONTEXT/EXTEN")
        case "local": throw .malformed(text, expected: "Local/EXTEN@CONTEXT")
        case let scheme: return .other(scheme: scheme, name: "")
        }
    }

    // MARK: Kinds

    /// `NAME/NUMBER`
    private func trunk(_ text: String) -> Destination? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, isName(parts[0]), isNumber(parts[1]) else { return nil }
        return .trunk(name: String(parts[0]), number: String(parts[1]))
    }

    /// Of `SIP/…` and `PJSIP/…`: a seat, or a number behind a trunk.
    private func channel(
        _ rest: String, of text: String, technology: String
    ) throws(DestinationError) -> Destination {
        if rest.contains("/") {
            guard let trunk = trunk(rest) else { throw .malformed(text, expected: "\(technology)/TRUNK/NUMBER") }
            return trunk
        }
        guard let mark = rest.firstIndex(of: "@") else {
            guard isNumber(rest) else { throw .malformed(text, expected: "\(technology)/NUMBER") }
            return .seat(rest)
        }
        let (number, name) = (rest[..<mark], rest[rest.index(after: mark)...])
        guard isNumber(number), isName(name) else { throw .malformed(text, expected: "\(technology)/NUMBER@TRUNK") }
        return .trunk(name: String(name), number: String(number))
    }

    /// `EXTEN@CONTEXT[/options]`. The options of Asterisk's channel (`n`, `j`) have no meaning here: no channel stands
    /// between.
    private func local(_ text: String) -> Destination? {
        let halves = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if halves.count == 2, !halves[1].utf8.allSatisfy({ (97...122).contains($0) }) { return nil }
        let parts = halves[0].split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        return place([parts[1], parts[0]])
    }

    /// Context, extension and, if written, priority.
    private func place(_ parts: [Substring]) -> Destination? {
        guard (2...3).contains(parts.count), isName(parts[0]), isNumber(parts[1]) else { return nil }
        var priority = Destination.Priority.number(1)
        if parts.count == 3 {
            if let number = Int(parts[2]) {
                guard (1...999_999).contains(number), parts[2].first?.isNumber == true else { return nil }
                priority = .number(number)
            } else {
                guard isName(parts[2]) else { return nil }
                priority = .label(String(parts[2]))
            }
        }
        return .context(String(parts[0]), exten: String(parts[1]), priority: priority)
    }

    // MARK: Parts

    private static func isScheme(_ text: String) -> Bool {
        guard let first = text.utf8.first, (65...90).contains(first) || (97...122).contains(first) else { return false }
        return text.utf8.count <= 32
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
            }
    }

    private func isNumber(_ text: some StringProtocol) -> Bool {
        guard !text.isEmpty else { return false }
        return DialledNumber.isSafe(String(text).filter { $0 != hole })
    }

    /// A name in any script, without blanks and the marks that part destinations and arguments.
    private func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                Character(scalar) == hole
                    || !scalar.properties.isWhitespace && scalar.value >= 0x20 && scalar.value != 0x7F
                        && scalar != "\u{FFFC}" && !DestinationReader.marks.contains(scalar)
            }
    }

    private static let marks = Set("@/&,|()${}[]\"'`\\<>;:?^=%!".unicodeScalars)
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    var trimmingBlanks: SubSequence {
        guard let first = firstIndex(where: { $0 != " " && $0 != "\t" }),
            let last = lastIndex(where: { $0 != " " && $0 != "\t" })
        else { return self[startIndex..<startIndex] }
        return self[first...last]
    }
}
