// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc
internal import Synchronization

/// Keeps a second process out of a data folder: two would give the same numbers to different events. The system
/// releases the lock when the process ends, however it ends.
final class FolderLock: Sendable {
    private let descriptor: Mutex<Int32?>

    init(folder: String, name: String) throws(StoreError) {
        let path = folder + "/" + name
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(path: path, reason: String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EWOULDBLOCK
                ? .inUse(folder: folder) : .system(path: path, reason: String(cString: strerror(code)))
        }
        self.descriptor = Mutex(descriptor)
    }

    /// Lets the next one in; a second call does nothing.
    func release() {
        descriptor.withLock {
            if let held = $0 { close(held) }
            $0 = nil
        }
    }

    deinit { release() }
}
