// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Configuration
internal import Glibc

/// `secrets.toml` on disk.
struct SecretsFile {
    let folder: String
    var path: String { folder + "/" + Secrets.fileName }

    // MARK: Folder

    /// Makes the folder and those above it, all 0700, and refuses one that others may write.
    func prepareFolder() throws(SecretsError) {
        var made = folder.hasPrefix("/") ? "/" : ""
        for step in folder.split(separator: "/") {
            made += made.isEmpty || made.hasSuffix("/") ? String(step) : "/" + step
            guard mkdir(made, 0o700) != 0, errno != EEXIST else { continue }
            throw systemError(made)
        }
        var status = stat()
        guard stat(folder, &status) == 0 else { throw systemError(folder) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw .system(path: folder, reason: String(cString: strerror(ENOTDIR)))
        }
        // Root may own it: a folder set up by a package.
        guard status.st_uid == geteuid() || status.st_uid == 0 else { throw .foreign(path: folder) }
        guard status.st_mode & 0o022 == 0 else {
            throw .exposed(path: folder, mode: octal(status.st_mode), isFolder: true)
        }
    }

    // MARK: Reading

    /// nil when there is no file yet.
    func read() throws(SecretsError) -> Secrets? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw systemError(path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .system(path: path, reason: "this is not a regular file")
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 else { throw .foreign(path: path) }
        guard status.st_mode & 0o077 == 0 else {
            throw .exposed(path: path, mode: octal(status.st_mode), isFolder: false)
        }
        let text: String
        switch TextFile.read(path) {
        case .success(let content): text = content
        case .failure(let failure): throw .system(path: path, reason: failure.wording.en)
        }
        let findings = Findings()
        guard let root = ConfigurationNode.parse(text, file: path, findings: findings) else {
            throw .malformed(findings.inOrder)
        }
        var reader = TableReader(root: root, findings: findings)
        let seats = entries(of: reader.table("seats"))
        let trunks = entries(of: reader.table("trunks"))
        reader.finish()
        if findings.hasErrors { throw .malformed(findings.inOrder) }
        return Secrets(seats: seats, trunks: trunks)
    }

    private func entries(of table: TableReader) -> [String: String] {
        var table = table
        var secrets: [String: String] = [:]
        for entry in table.allEntries() {
            guard TableReader.isName(entry.name) || entry.name.utf8.allSatisfy({ (48...57).contains($0) }) else {
                table.findings.error(
                    entry.node.keySpot,
                    Wording(
                        en: "\"\(entry.name)\" is neither a seat's number nor a trunk's name",
                        zh: "\"\(entry.name)\" 既不是座席号码也不是中继名称"))
                continue
            }
            guard case .string(let secret) = entry.node.value,
                (Secrets.minimumLength...128).contains(secret.utf8.count),
                secret.utf8.allSatisfy({
                    (33...126).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
                })
            else {
                table.findings.error(
                    entry.node.spot,
                    Wording(
                        en:
                            "the secret of \"\(entry.name)\" must be \(Secrets.minimumLength) to 128 letters, digits and"
                            + " signs in quotes, without blanks, \" and \\",
                        zh: "\"\(entry.name)\" 的密码应为引号中的 \(Secrets.minimumLength) 到 128 个字母、数字和符号，不含空格、\" 和 \\"),
                    hint: Wording(
                        en: "take the line out and start again: a new one is made", zh: "删去此行后重新启动，即生成新密码"))
                continue
            }
            secrets[entry.name] = secret
        }
        return secrets
    }

    // MARK: Writing

    /// Writes a new file beside the old one, makes it durable and puts it in the old one's place.
    func write(_ secrets: Secrets) throws(SecretsError) {
        let bytes = Array(SecretsFile.text(of: secrets).utf8)
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw systemError(temporary) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw abandon(descriptor, temporary) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw abandon(descriptor, temporary) }
        close(descriptor)
        guard rename(temporary, path) == 0 else { throw systemError(path) }
        // The new name itself must survive a power cut, else phones would be locked out by another set of secrets.
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
    }

    private func abandon(_ descriptor: Int32, _ temporary: String) -> SecretsError {
        let error = systemError(temporary)
        close(descriptor)
        unlink(temporary)
        return error
    }

    private static func text(of secrets: Secrets) -> String {
        // Seat numbers and trunk names are bare keys of TOML; `read` refuses others.
        func lines(_ entries: [String: String]) -> String {
            entries.sorted { ($0.key.count, $0.key) < ($1.key.count, $1.key) }
                .map { "\($0.key) = \"\($0.value)\"\n" }.joined()
        }
        return """
            # Passwords of phones and gateways, made by Martlet. User name: the seat's number or the trunk's user.
            # A changed line counts from the next start; a line taken out is made anew. Other comments are not kept.
            # 话机与网关的注册密码，由 Martlet 生成。修改后重新启动生效；删去一行则重新生成。

            [seats]
            \(lines(secrets.seats))
            [trunks]
            \(lines(secrets.trunks))
            """
    }

    private func systemError(_ path: String) -> SecretsError {
        .system(path: path, reason: String(cString: strerror(errno)))
    }

    private func octal(_ mode: mode_t) -> String { "0" + String(mode & 0o7777, radix: 8) }
}
