// SPDX-License-Identifier: AGPL-3.0-or-later
public import Configuration

/// A setting of `site.toml` whose change waits for a restart.
public struct PendingSetting: Hashable, Sendable {
    /// As the file names it: `realm`, `[sip] listen`.
    public var name: String
    /// What stays in force till then.
    public var inForce: String
    /// What the file says now.
    public var wanted: String

    public var message: Wording {
        Wording(
            en: "site.toml: \(name) = \(wanted) takes a restart; till then it stays \(inForce)",
            zh: "site.toml：\(name) = \(wanted) 需重启后生效，在此之前仍为 \(inForce)")
    }
}

extension Site {
    /// This site as a switch that runs on `running` can take it over. What a switch is built on when it starts (sockets,
    /// the registrar and its digest, timers of the stack, ports and threads of media) stays as it runs, so that
    /// nobody is told of an address or a folder that is not in use; where the file says otherwise, it is named.
    public func replacing(_ running: Site) -> (site: Site, pending: [PendingSetting]) {
        var site = self
        var pending: [PendingSetting] = []
        func keep<Value: Equatable>(
            _ name: String, _ setting: WritableKeyPath<Site, Value>, _ text: (Value) -> String = { "\($0)" }
        ) {
            let (inForce, wanted) = (running[keyPath: setting], self[keyPath: setting])
            guard inForce != wanted else { return }
            site[keyPath: setting] = inForce
            pending.append(PendingSetting(name: name, inForce: text(inForce), wanted: text(wanted)))
        }
        func list(_ values: [some CustomStringConvertible]) -> String {
            "[" + values.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
        }
        func quoted(_ text: String) -> String { "\"\(text)\"" }

        keep("region", \.region, quoted)
        keep("realm", \.realm, quoted)
        keep("[sip] listen", \.sip.listen, list)
        keep("[sip] advertised_address", \.sip.advertisedAddress) { quoted($0 ?? "") }
        keep("[sip] digest", \.sip.digest) { list($0.map(\.rawValue)) }
        keep("[sip] minimum_expires, maximum_expires", \.sip.registrationExpires) {
            "\(quoted(DurationText.text(of: $0.lowerBound))), \(quoted(DurationText.text(of: $0.upperBound)))"
        }
        keep("[sip] t1", \.sip.t1) { quoted(DurationText.text(of: $0)) }
        keep("[sip] sessions", \.sip.sessions)
        keep("[sip] user_agent", \.sip.userAgent, quoted)
        keep("[media] address", \.media.address) { quoted($0.description) }
        keep("[media] ports", \.media.ports) { "[\($0.lowerBound), \($0.upperBound)]" }
        keep("[media] threads", \.media.threads)
        keep("[limits] registrations_per_seat", \.limits.registrationsPerSeat)
        keep("[limits] messages_per_second_per_source", \.limits.messagesPerSecondPerSource)
        keep("[limits] failed_logins_per_minute", \.limits.failedLoginsPerMinute)
        keep("[recording] folder", \.recording.folder, quoted)
        return (site, pending)
    }
}
