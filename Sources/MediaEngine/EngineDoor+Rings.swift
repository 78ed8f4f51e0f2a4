// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization

/// How commands get into the rings.
extension EngineDoor {
    /// What goes to one thread is shown to it at once. Members that move together to another thread arrive together.
    public func inOneTurn<T, E: Error>(_ body: () throws(E) -> T) throws(E) -> T {
        turnDepth += 1
        defer {
            turnDepth -= 1
            if turnDepth == 0 { for thread in threads.indices { publish(thread) } }
        }
        return try body()
    }

    /// A command that changes nothing audible does not wake the thread: it is found at the next packet, tick or
    /// waking command, and a call set-up then costs one wake where it cost three.
    func put(_ command: Command, _ thread: Int, wakes: Bool = true) {
        stageBacklog(thread)
        if !tables[thread].backlog.isEmpty || !stage(command, thread) {
            if tables[thread].backlog.count < Self.backlogLimit {
                tables[thread].backlog.append(command)
                backlogFlag(thread, true)
            } else {
                droppedCommands += 1
            }
        }
        if wakes { tables[thread].isToBeWoken = true }
        if turnDepth == 0 { publish(thread) }
    }

    func flushBacklog(_ thread: Int) {
        guard !tables[thread].backlog.isEmpty else { return }
        stageBacklog(thread)
        tables[thread].isToBeWoken = true
        if turnDepth == 0 { publish(thread) }
    }

    private func stageBacklog(_ thread: Int) {
        guard !tables[thread].backlog.isEmpty else { return }
        var sent = 0
        while sent < tables[thread].backlog.count, stage(tables[thread].backlog[sent], thread) { sent += 1 }
        tables[thread].backlog.removeFirst(sent)
        if tables[thread].backlog.isEmpty { backlogFlag(thread, false) }
    }

    private func stage(_ command: Command, _ thread: Int) -> Bool {
        guard ring(thread).stage(command, behind: tables[thread].staged) else { return false }
        tables[thread].staged += 1
        return true
    }

    private func publish(_ thread: Int) {
        if tables[thread].staged > 0 {
            ring(thread).publish(tables[thread].staged)
            tables[thread].staged = 0
        }
        if tables[thread].isToBeWoken {
            tables[thread].isToBeWoken = false
            threads[thread].commandsWait()
        }
    }

    /// While it is set the thread tells when it has made room.
    private func backlogFlag(_ thread: Int, _ waits: Bool) {
        port(thread).hasBacklog.pointee.value.store(waits, ordering: .releasing)
    }

    private func port(_ thread: Int) -> ShardPort { threads[thread].core.pointee.ports[shard] }
    private func ring(_ thread: Int) -> Ring<Command> { port(thread).commands }
}
