// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import Glibc

/// Why a sound file cannot be played.
enum SoundError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no such file: the only one that is no fault.
    case missing
    /// By errno.
    case unreadable(Int32)
    case notAFile
    case outside
    case form(WAVError)
    case resampler(ResamplerError)
    case empty
    case tooLarge(megabytes: Int)

    /// Whether it is the file's content that is at fault, so that only another content can mend it.
    var isOfContent: Bool {
        switch self {
        case .form, .empty, .tooLarge: true
        case .missing, .unreadable, .notAFile, .outside, .resampler: false
        }
    }

    var description: String {
        switch self {
        case .missing: "there is no such file"
        case .unreadable(let code): "cannot be read: \(String(cString: strerror(code)))"
        case .notAFile: "not a plain file"
        case .outside: "a link that leads out of the sound folders is not followed; copy the file"
        case .form(let error): error.description
        case .resampler(let error): error.description
        case .empty: "holds no samples"
        case .tooLarge(let megabytes): "larger than \(megabytes) MB"
        }
    }
}

/// By what a file is known to be the same as before.
struct FileStamp: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int
    var modifiedNanoseconds: Int64

    init(_ information: stat) {
        device = UInt64(information.st_dev)
        inode = UInt64(information.st_ino)
        size = Int(information.st_size)
        modifiedNanoseconds = Int64(information.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(information.st_mtim.tv_nsec)
    }

    /// Of the plain file at `path`, links followed; nil when there is none.
    init?(path: String) {
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        self.init(information)
    }
}

/// A sound file open for reading, which lies below one of the folders it was looked for in. Belongs to one thread.
final class SoundFile {
    let path: String
    let stamp: FileStamp
    private let descriptor: Int32

    /// - Parameter roots: folders the file must really lie below, after every link on the way is followed. Names come
    ///   from dialplans and folders from whoever may upload into them: neither may lead to another file of the machine.
    init(path: String, below roots: [String]) throws(SoundError) {
        // Not to wait for whoever would open the other end of a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable(errno) }
        var information = Glibc.stat()
        let isKnown = fstat(descriptor, &information) == 0
        self.descriptor = descriptor
        self.path = path
        stamp = FileStamp(information)
        // From here on `deinit` closes what is refused.
        guard isKnown, information.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        // Asked of the open file, so that nobody can change the way to it in between.
        guard let place = Self.place(of: descriptor) else { throw .outside }
        guard roots.contains(where: { Self.lies(place, below: $0) }) else { throw .outside }
    }

    deinit { close(descriptor) }

    /// Fills `buffer` with `count` bytes from `offset` on, fewer at the end of the file or when it cannot be read.
    func read(at offset: Int, count: Int, into buffer: inout [UInt8]) {
        buffer = [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
            filled = 0
            while filled < count, let base = bytes.baseAddress {
                let got = pread(descriptor, base + filled, count - filled, off_t(offset + filled))
                if got < 0 && errno == EINTR { continue }
                guard got > 0 else { return }
                filled += got
            }
        }
    }

    private static func place(of descriptor: Int32) -> String? {
        let most = Int(PATH_MAX)
        let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
            count = buffer.withMemoryRebound(to: CChar.self) { text in
                guard let base = text.baseAddress else { return 0 }
                return max(0, readlink("/proc/self/fd/\(descriptor)", base, most))
            }
        }
        return bytes.isEmpty || bytes.count == most ? nil : String(decoding: bytes, as: UTF8.self)
    }

    private static func lies(_ place: String, below root: String) -> Bool {
        guard let resolved = realpath(root, nil) else { return false }
        defer { free(resolved) }
        let root = String(cString: resolved)
        return place.hasPrefix(root == "/" ? root : root + "/")
    }
}
