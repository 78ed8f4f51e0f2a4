// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// The passwords of `secrets.toml`: tables `[seats]` and `[trunks]` of `"name" = "secret"` lines.
struct GatewaySecrets: Sendable {
    private(set) var seats: [String: String] = [:]
    private(set) var trunks: [String: String] = [:]

    /// Reads what the switch writes; what is no such line is read over.
    init(text: String) {
        var table = ""
        for line in text.split(whereSeparator: \.isNewline).prefix(100_000) {
            let line = GatewaySecrets.trimmed(line)
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                table = String(line.dropFirst().dropLast())
                continue
            }
            guard let equals = line.firstIndex(of: "=") else { continue }
            let name = GatewaySecrets.unquoted(line[..<equals])
            let secret = GatewaySecrets.unquoted(line[line.index(after: equals)...])
            if table == "seats" { seats[name] = secret }
            if table == "trunks" { trunks[name] = secret }
        }
    }

    init(file: String) throws(GatewayError) {
        guard let bytes = readFile(file, limit: 1 << 20) else {
            throw GatewayError("cannot read \(file): \(String(cString: strerror(errno)))")
        }
        self.init(text: String(decoding: bytes, as: UTF8.self))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0.isWhitespace }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }

    /// What stands between the first pair of quotes, or the bare word.
    private static func unquoted(_ text: Substring) -> String {
        let text = trimmed(text)
        guard let quote = text.first, quote == "\"" || quote == "'" else { return String(text) }
        return String(text.dropFirst().prefix { $0 != quote })
    }
}

/// What keeps the gateway from working, in words.
struct GatewayError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// A file's bytes; nil with `errno` when it cannot be read or is longer than `limit` (EFBIG).
func readFile(_ path: String, limit: Int) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        if count == 0 { break }
        bytes += chunk[..<count]
        if bytes.count > limit {
            errno = EFBIG
            return nil
        }
    }
    guard ferror(file) == 0 else {
        errno = EIO
        return nil
    }
    return bytes
}
