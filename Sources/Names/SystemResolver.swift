// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization
internal import Threads

/// The machine's name servers, asked on a thread of their own, one service after the other.
///
/// Bound: 512 services wait; more fail at once. The thread is there while something waits. What answers first is asked
/// nothing twice: who calls keeps the answers (see `NameWatch`).
public final class SystemResolver: NameResolving {
    typealias Done = @Sendable (Result<ServerList, NameFailure>) -> Void

    static let mostWaiting = 512

    private struct State {
        var waiting: [(service: NameService, done: Done)] = []
        var isRunning = false
    }

    private let state = Mutex(State())
    /// Held while an answer is handed over, so that none is after `stop`.
    private let isStopped = Mutex(false)
    private let configuration: @Sendable () -> ResolverConfiguration
    private let patience: Duration

    public convenience init() { self.init(configuration: { ResolverConfiguration.read() }) }

    init(
        patience: Duration = .seconds(2), configuration: @escaping @Sendable () -> ResolverConfiguration
    ) {
        self.configuration = configuration
        self.patience = patience
    }

    public func resolve(
        _ service: NameService, done: @escaping @Sendable (Result<ServerList, NameFailure>) -> Void
    ) {
        enum Outcome { case full, queued, start }
        let outcome: Outcome = state.withLock { state in
            guard state.waiting.count < Self.mostWaiting else { return .full }
            state.waiting.append((service, done))
            if state.isRunning { return .queued }
            state.isRunning = true
            return .start
        }
        switch outcome {
        case .full: done(.failure(.overloaded))
        case .queued: break
        case .start:
            if PlainThread({ [self] in work() }) != nil { return }
            let stranded = state.withLock { state in
                defer { state = State() }
                return state.waiting
            }
            for question in stranded { question.done(.failure(.overloaded)) }
        }
    }

    /// No answer comes any more once this has returned; a lookup under way is left to end by itself.
    public func stop() {
        isStopped.withLock { $0 = true }
        state.withLock { $0.waiting = [] }
    }

    private func work() {
        while let question = next() {
            let answer = answer(question.service)
            isStopped.withLock { isStopped in
                if !isStopped { question.done(answer) }
            }
        }
    }

    private func next() -> (service: NameService, done: Done)? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                return nil
            }
            return state.waiting.removeFirst()
        }
    }

    /// On the resolver's thread.
    private func answer(_ service: NameService) -> Result<ServerList, NameFailure> {
        let configuration = configuration()
        var client = DNSClient(servers: configuration.servers)
        client.patience = patience
        var failure = NameFailure.noSuchName(service.host)
        for host in configuration.candidates(for: service.host) {
            var candidate = service
            candidate.host = host
            let lookup = ServerLookup(ask: { client.ask($0) }, local: { configuration.hosts[$0] ?? [] })
            let result = lookup.run(candidate)
            switch result {
            case .success: return result
            case .failure(let reason): failure = reason
            }
        }
        return .failure(failure)
    }
}
