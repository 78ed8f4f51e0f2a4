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
    private let wanted: String
    /// The name the file got; nil until it is made.
    private(set) var path: String?
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
        wanted = settings.path
        self.shard = shard
    }

    deinit { buffer.deallocate() }

    var length: Duration { .microseconds(Int64(clamping: header.dataBytes / UInt64(header.channels) * 125)) }

    var outcome: RecordingOutcome {
        let lost = buffer.lostSamples
        return RecordingOutcome(
            path: path, length: length, lost: .microseconds(Int64(clamping: lost) * 125), error: failure)
    }

    var isClosed: Bool { buffer.shared.pointee.isClosed.load(ordering: .acquiring) }

    /// How many names are tried when the one asked for is taken.
    private static let namesTried = 10_000

    /// Makes the file under the first name that is free: what is there is never touched, be it of another call or of an
    /// earlier run.
    func open() {
        guard wanted.hasPrefix("/"), !wanted.utf8.contains(0) else { return fail("\(wanted): not an absolute path") }
        makeFolders()
        for number in 1...Self.namesTried {
            let name = number == 1 ? wanted : numbered(number)
            descriptor = Glibc.open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            if descriptor >= 0 {
                path = name
                _ = header.bytes.withUnsafeBytes { write($0, at: 0) }
                return
            }
            if errno != EEXIST { return fail(reason()) }
        }
        fail("\(wanted): \(Self.namesTried) recordings of this name are there")
    }

    /// `call.wav` becomes `call-2.wav`.
    private func numbered(_ number: Int) -> String {
        let start = wanted.lastIndex(of: "/").map { wanted.index(after: $0) } ?? wanted.startIndex
        guard let dot = wanted[start...].lastIndex(of: "."), dot > start else { return "\(wanted)-\(number)" }
        return "\(wanted[..<dot])-\(number)\(wanted[dot...])"
    }

    private func makeFolders() {
        var index = wanted.startIndex
        while let slash = wanted[wanted.index(after: index)...].firstIndex(of: "/") {
            mkdir(String(wanted[..<slash]), 0o700)
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
        let owed = Int(clamping: min(buffer.position.pointee.owed, Self.mostOwed))
        if owed > 0 {
            [UInt8](repeating: buffer.silence, count: owed).withUnsafeBytes { append($0) }
        }
        rewriteHeader()
        guard descriptor >= 0 else { return }
        if fdatasync(descriptor) != 0 { fail(reason()) }
        if close(descriptor) != 0 { fail(reason()) }
        descriptor = -1
    }

    /// Half an hour at the end of a stereo recording; more silence than that is not written, and told as lost all the same.
    private static let mostOwed: UInt64 = 1 << 24

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

    private func reason() -> String { "\(path ?? wanted): \(String(cString: strerror(errno)))" }

    private func fail(_ text: String) { if failure == nil { failure = text } }
}
