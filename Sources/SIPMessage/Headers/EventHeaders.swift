// SPDX-License-Identifier: AGPL-3.0-or-later

/// The value of Event: what a subscription is about (RFC 6665 §8.2.1).
///
/// Packages and ids compare byte by byte, and one with an id never matches one without.
public struct EventHeader: HeaderValue {
    public static let headerName = "Event"

    /// E.g. `dialog`.
    public var package: String
    /// E.g. `["winfo"]` of `presence.winfo`.
    public var templates: [String]
    public var id: String?
    /// All others, e.g. `sla`; without meaning for matching.
    public var parameters: [SIPParameter]

    public init(package: String, templates: [String] = [], id: String? = nil, parameters: [SIPParameter] = []) {
        self.package = package
        self.templates = templates
        self.id = id
        self.parameters = parameters
    }

    public init?(_ headerValue: String) {
        guard let reader = ParameterReader(headerValue), reader.value.utf8.allSatisfy({ $0.isTokenCharacter })
        else { return nil }
        let names = reader.value.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let package = names.first, !names.contains("") else { return nil }
        if reader.parameters.contains("id"), reader.token("id") == nil { return nil }
        self.init(
            package: package, templates: Array(names.dropFirst()), id: reader.token("id"),
            parameters: reader.parameters.filter { !$0.name.equalsIgnoringASCIICase("id") })
    }

    /// The package with its templates, e.g. `presence.winfo`.
    public var type: String { ([package] + templates).joined(separator: ".") }

    public var headerValue: String {
        var writer = WireWriter([], reserving: 32)
        writer.text(type)
        if let id { writer.parameters([SIPParameter("id", id)]) }
        for parameter in parameters {
            writer.byte(UInt8(ascii: ";"))
            writer.text(parameter.name)
            guard let value = parameter.value else { continue }
            writer.byte(UInt8(ascii: "="))
            let isToken = !value.isEmpty && value.utf8.allSatisfy { $0.isTokenCharacter }
            if isToken { writer.text(value) } else { writer.quoted(value) }
        }
        return writer.text
    }

    /// Whether a NOTIFY or SUBSCRIBE with the one belongs to a subscription with the other (RFC 6665 §8.2.1).
    public func matches(_ other: EventHeader) -> Bool { type == other.type && id == other.id }
}

/// The value of Subscription-State (RFC 6665 §8.2.3, §4.1.3).
public struct SubscriptionStateHeader: HeaderValue {
    public static let headerName = "Subscription-State"

    public enum State: String, Hashable, Sendable {
        case active, pending, terminated
    }

    /// Why a subscription is terminated (RFC 6665 §4.1.3, RFC 5839 §4.4 for `invariant`).
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// Subscribe again at once, elsewhere if need be.
        case deactivated
        /// Subscribe again later.
        case probation
        /// Do not subscribe again: not allowed.
        case rejected
        /// It was not renewed in time; subscribe again if still wanted.
        case timeout
        /// We could not find out whether it is allowed.
        case giveUp = "giveup"
        /// What it was about no longer exists.
        case noResource = "noresource"
        /// What it is about will not change.
        case invariant
    }

    public var state: State
    /// What is left of the subscription, in seconds.
    public var expires: UInt32?
    /// Why it is terminated, lower case: a ``Reason`` or a word of an extension.
    public var reason: String?
    /// When to try again, in seconds.
    public var retryAfter: UInt32?

    public init(_ state: State, expires: UInt32? = nil, reason: String? = nil, retryAfter: UInt32? = nil) {
        self.state = state
        self.expires = expires
        self.reason = reason
        self.retryAfter = retryAfter
    }

    /// nil for states other than the three. A number that is none is as good as absent.
    public init?(_ headerValue: String) {
        guard let reader = ParameterReader(headerValue), let state = State(rawValue: reader.value.lowercased())
        else { return nil }
        self.init(
            state, expires: reader["expires"].flatMap { ParameterReader.seconds($0) },
            reason: reader.token("reason")?.lowercased(),
            retryAfter: reader["retry-after"].flatMap { ParameterReader.seconds($0) })
    }

    public var headerValue: String {
        var writer = WireWriter([], reserving: 48)
        writer.text(state.rawValue)
        if let reason { writer.parameters([SIPParameter("reason", reason)]) }
        if let expires { writer.parameters([SIPParameter("expires", String(expires))]) }
        if let retryAfter { writer.parameters([SIPParameter("retry-after", String(retryAfter))]) }
        return writer.text
    }
}
