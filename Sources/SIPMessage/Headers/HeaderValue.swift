// SPDX-License-Identifier: AGPL-3.0-or-later

/// A header with a grammar of its own that ``SIPMessage/SIPMessage`` keeps as text, e.g. Replaces.
public protocol HeaderValue: Hashable, Sendable {
    /// The long name, as it is written.
    static var headerName: String { get }

    /// Reads the text behind the colon; nil when it is malformed or longer than 2,048 bytes.
    init?(_ headerValue: String)

    /// The text behind the colon.
    var headerValue: String { get }
}

/// What a message says in a header that may stand once.
public enum SingleHeader<Value: HeaderValue>: Hashable, Sendable {
    case absent
    case one(Value)
    /// It cannot be read, or stands more than once: two readers could take different ones.
    case malformed

    /// nil when absent or malformed.
    public var value: Value? {
        if case .one(let value) = self { value } else { nil }
    }

    init(_ texts: [String]) {
        guard let text = texts.first else {
            self = .absent
            return
        }
        self = texts.count == 1 ? Value(text).map { .one($0) } ?? .malformed : .malformed
    }
}

extension SIPMessage {
    /// The header of a type that may stand once.
    public func single<Value: HeaderValue>(_ type: Value.Type) -> SingleHeader<Value> {
        SingleHeader(allHeaders(Value.headerName))
    }

    /// The Expires header in seconds (RFC 3261 §20.19); nil when it is absent or no number, the largest value for a
    /// number beyond 32 bits.
    public var expires: UInt32? {
        header("Expires").flatMap { ParameterReader.seconds($0.filter { $0 != " " && $0 != "\t" }) }
    }
}

extension SIPHeader {
    public init<Value: HeaderValue>(_ value: Value) {
        self.init(Value.headerName, value.headerValue)
    }
}
