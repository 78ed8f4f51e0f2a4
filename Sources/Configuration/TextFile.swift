// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// Reads text files whole, bounded.
public enum TextFile {
    public enum Failure: Error, Hashable {
        case missing
        /// Longer than `limitBytes`.
        case tooLong
        case notUTF8
        case notAFile
        case system(Int32)

        public var wording: Wording {
            switch self {
            case .missing: Wording(en: "the file does not exist", zh: "文件不存在")
            case .tooLong:
                Wording(
                    en: "the file is longer than \(TextFile.limitBytes / 1_048_576) MB",
                    zh: "文件超过 \(TextFile.limitBytes / 1_048_576) MB")
            case .notUTF8: Wording(en: "the file is not UTF-8 text", zh: "文件不是 UTF-8 文本")
            case .notAFile: Wording(en: "this is not a file", zh: "这不是普通文件")
            case .system(let code):
                Wording(en: "not readable: \(systemText(code))", zh: "无法读取：\(systemText(code))")
            }
        }

        private func systemText(_ code: Int32) -> String { String(cString: strerror(code)) }
    }

    /// A site of 10,000 seats written one by one has about 1 MB.
    public static let limitBytes = 4 * 1_048_576

    public static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    public static func read(_ path: String) -> Result<String, Failure> {
        // O_NONBLOCK: a FIFO in place of the file must not hang the switch.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .failure(errno == ENOENT ? .missing : .system(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .failure(.system(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { return .failure(.notAFile) }
        guard status.st_size <= limitBytes else { return .failure(.tooLong) }

        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                return .failure(.system(errno))
            }
            bytes.append(contentsOf: chunk[..<count])
            // The file may have grown since.
            guard bytes.count <= limitBytes else { return .failure(.tooLong) }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return .failure(.notUTF8) }
        return .success(text)
    }

    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0
    }
}
