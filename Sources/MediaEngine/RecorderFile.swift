// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CallModel
internal import Glibc
internal import Synchronization

/// One recording on its way to disk. Made by a door; from then on touched by the writer thread alone, but for
/// the buffer's media side.
///
/// At every moment the header tells no more than the file holds: samples are written first, then the
/// header over its old self. After a kill at most what lay in the buffer (a fifth of a second) is missing.
final class RecorderFile: @unchecked Sendable {
    let buffer: RecorderBuffer
    let shard: Int
    /// Set by the door before the file is given to the writer.
    var handle = Handle(rawValue: 0)
    private let path: String
    private var header: WAVHeader
    private var descriptor: Int32 = -1
    private(set) var failure: String?
    private var lastSync: Int64 = 0
    private var isDirty = false

    init(_ settings: RecorderSettings, shard: Int) {
        let channels = settings.layout == .stereo ? 2 : 1
        let isALaw = settings.codec == .pcma
        buffer = RecorderBuffer(channels: channels, isALaw: isALaw)
        header = WAVHeader(encoding: isALaw ? .aLaw : .muLaw, channels: channels)
        path = settings.path
        self.shard = shard
    }

    deinit { buffer.deallocate() }

    var length: Duration { .microseconds(Int64(clamping: header.dataBytes / UInt64(header.channels) * 125)) }

    var isClosed: Bool { buffer.shared.pointee.isClosed.load(ordering: .acquiring) }

    func open() {
        guard path.hasPrefix("/"), !path.utf8.contains(0) else { return fail("\(path): not an absolute path") }
        makeFolders()
        descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        if descriptor < 0 { return fail(reason()) }
        _ = header.bytes.withUnsafeBytes { write($0, at: 0) }
    }

    private func makeFolders() {
        var index = path.startIndex
        while let slash = path[path.index(after: index)...].firstIndex(of: "/") {
            mkdir(String(path[..<slash]), 0o700)
            index = slash
        }
    }

    /// Appends what waits and brings the header up to it; `now` in nanoseconds of any rising clock.
    func advance(now: Int64) {
        let before = header.dataBytes
        buffer.drain { piece in append(piece) }
        guard header.dataBytes > before else { return sync(now) }
        rewriteHeader()
        isDirty = true
        sync(now)
    }

    /// The media side has closed: what is still owed is silence.
    func finish() {
        buffer.drain { piece in append(piece) }
        let owed = Int(clamping: min(buffer.position.pointee.owed, 1 << 24))
        if owed > 0 {
            [UInt8](repeating: buffer.silence, count: owed).withUnsafeBytes { append($0) }
        }
        rewriteHeader()
        guard descriptor >= 0 else { return }
        if fdatasync(descriptor) != 0 { fail(reason()) }
        if close(descriptor) != 0 { fail(reason()) }
        descriptor = -1
    }

    private func append(_ piece: UnsafeRawBufferPointer) {
        guard failure == nil, write(piece, at: off_t(WAVHeader.size) + off_t(clamping: header.dataBytes)) else {
            return
        }
        header.dataBytes += UInt64(piece.count)
    }

    private func rewriteHeader() {
        guard failure == nil, descriptor >= 0 else { return }
        _ = header.bytes.withUnsafeBytes { write($0, at: 0) }
    }

    private func sync(_ now: Int64) {
        guard isDirty, descriptor >= 0, now - lastSync >= 1_000_000_000 else { return }
        lastSync = now
        isDirty = false
        if fdatasync(descriptor) != 0 { fail(reason()) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at offset: off_t) -> Bool {
        var done = 0
        while done < bytes.count {
            guard let base = bytes.baseAddress else { return true }
            let count = pwrite(descriptor, base + done, bytes.count - done, offset + off_t(done))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                fail(reason())
                return false
            }
            done += count
        }
        return true
    }

    private func reason() -> String { "\(path): \(String(cString: strerror(errno)))" }

    private func fail(_ text: String) { if failure == nil { failure = text } }
}
