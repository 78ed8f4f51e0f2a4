// SPDX-License-Identifier: AGPL-3.0-or-later
public import Configuration
internal import Diagnostics
public import Timing

/// The passwords that phones and gateways register with. Made at the first start, kept in `DATA/secrets.toml`,
/// never in the site's folder, so that a site can be shared and no default password exists.
public struct Secrets: Sendable {
    /// The file within the data folder.
    public static let fileName = "secrets.toml"
    /// Shorter ones written by hand are refused: they fall to guessing.
    public static let minimumLength = 12
    /// 20 of 32 characters: 100 bits.
    static let generatedLength = 20
    /// Without l, o, 0 and 1, which are mistaken for each other on a phone's web page.
    static let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")

    /// By seat number, also of seats that are no longer in the site.
    public internal(set) var seats: [String: String]
    /// By trunk name, of trunks that register.
    public internal(set) var trunks: [String: String]

    init(seats: [String: String] = [:], trunks: [String: String] = [:]) {
        self.seats = seats
        self.trunks = trunks
    }

    /// Reads the secrets of `dataFolder` and makes those that are missing for `site`; writes the file only then.
    ///
    /// The folder is made (0700) when it is not there. The file is 0600, replaced atomically and durable when
    /// this returns. A file that others may read, or a folder that others may write, is refused.
    public static func load(dataFolder: String, for site: Site, entropy: Entropy = .system) throws(SecretsError)
        -> Secrets
    {
        var entropy = entropy
        let store = SecretsFile(folder: dataFolder)
        try store.prepareFolder()
        var secrets = try store.read() ?? Secrets()
        var isChanged = false
        for seat in site.seats where secrets.seats[seat.number] == nil {
            secrets.seats[seat.number] = generate(&entropy)
            isChanged = true
        }
        for trunk in site.trunks where trunk.user != nil && secrets.trunks[trunk.name] == nil {
            secrets.trunks[trunk.name] = generate(&entropy)
            isChanged = true
        }
        if isChanged { try store.write(secrets) }
        return secrets
    }

    static func generate(_ entropy: inout Entropy) -> String {
        // 32 divides 2^64, so every character is equally likely.
        String((0..<generatedLength).map { _ in alphabet[Int(entropy.next() % UInt64(alphabet.count))] })
    }
}

/// Why secrets could not be had. The path is in the message; a secret never is.
public enum SecretsError: Error, Hashable, Sendable {
    /// A folder or file that others than its owner may get at; `mode` in octal as `ls` and `chmod` know it.
    case exposed(path: String, mode: String, isFolder: Bool)
    /// Owned by another user.
    case foreign(path: String)
    case system(path: String, reason: String)
    /// The file does not say what it must.
    case malformed([Finding])

    public var message: Wording {
        switch self {
        case .exposed(let path, let mode, let isFolder):
            let command = isFolder ? "chmod go-w \(path)" : "chmod 600 \(path)"
            let what =
                isFolder
                ? Wording(en: "others may write to \(path)", zh: "其他用户可写入 \(path)")
                : Wording(en: "others may read or write \(path)", zh: "其他用户可读写 \(path)")
            return Wording(
                en: "\(what.en) (mode \(mode)), which holds the passwords of all phones; run: \(command)",
                zh: "\(what.zh)（权限 \(mode)），其中有所有话机的密码；请执行：\(command)")
        case .foreign(let path):
            return Wording(
                en: "\(path) belongs to another user; the passwords of all phones must be the switch's own",
                zh: "\(path) 属于其他用户；话机密码必须归本程序的用户所有")
        case .system(let path, let reason):
            return Wording(en: "\(path): \(reason)", zh: "\(path)：\(reason)")
        case .malformed(let diagnostics):
            return Wording(
                en: diagnostics.map { $0.text(in: .english) }.joined(separator: "\n"),
                zh: diagnostics.map { $0.text(in: .chinese) }.joined(separator: "\n"))
        }
    }
}
