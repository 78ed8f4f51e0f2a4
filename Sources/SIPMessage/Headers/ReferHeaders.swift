// SPDX-License-Identifier: AGPL-3.0-or-later

/// The value of Refer-To: whom the receiver of a REFER shall contact (RFC 3515 §2.1).
public struct ReferToHeader: HeaderValue {
    public static let headerName = "Refer-To"

    /// As it stood. The URI may have a method and, behind `?`, headers; they are percent-decoded.
    public var address: NameAddress

    public init(address: NameAddress) { self.address = address }

    /// A call to `address` that takes the place of another one (RFC 5589 §7).
    public init(address: NameAddress, replacing replaces: ReplacesHeader) {
        self.address = address
        self.address.uri.headers.removeAll { $0.name.equalsIgnoringASCIICase(ReplacesHeader.headerName) }
        self.address.uri.headers.append(SIPHeader(replaces))
    }

    /// nil also for a list: a REFER names one target (§2.4.2).
    public init?(_ headerValue: String) {
        guard let address = NameAddress(single: headerValue) else { return nil }
        self.address = address
    }

    public var headerValue: String { address.description }

    /// What to contact: the URI without method and headers.
    public var target: SIPURI {
        var uri = address.uri
        uri.headers = []
        uri.parameters.removeAll { $0.name.equalsIgnoringASCIICase("method") }
        return uri
    }

    /// What the contact shall be, INVITE unless the URI says otherwise (RFC 3261 §19.1.1).
    public var method: SIPMethod {
        address.uri.parameters.value(of: "method").map { SIPMethod(rawValue: $0) } ?? .invite
    }

    /// The escaped `?Replaces=` of an attended transfer (RFC 3891 §6.1, RFC 5589 §7).
    public var replaces: SingleHeader<ReplacesHeader> {
        SingleHeader(
            address.uri.headers.filter { $0.name.equalsIgnoringASCIICase(ReplacesHeader.headerName) }.map(\.value))
    }
}

/// The value of Referred-By: who sent the REFER (RFC 3892 §3).
public struct ReferredByHeader: HeaderValue {
    public static let headerName = "Referred-By"

    /// With the `cid` parameter of a signed token, if there is one; Martlet neither makes nor checks such tokens.
    public var address: NameAddress

    public init(address: NameAddress) { self.address = address }

    public init?(_ headerValue: String) {
        guard let address = NameAddress(single: headerValue) else { return nil }
        self.address = address
    }

    public var headerValue: String { address.description }
}

/// The value of Refer-Sub: whether a REFER makes a subscription (RFC 4488 §4).
public struct ReferSubHeader: HeaderValue {
    public static let headerName = "Refer-Sub"

    public var isWanted: Bool

    public init(isWanted: Bool) { self.isWanted = isWanted }

    public init?(_ headerValue: String) {
        guard let value = ParameterReader(headerValue)?.value else { return nil }
        if value.equalsIgnoringASCIICase("true") {
            isWanted = true
        } else if value.equalsIgnoringASCIICase("false") {
            isWanted = false
        } else {
            return nil
        }
    }

    public var headerValue: String { isWanted ? "true" : "false" }
}

extension NameAddress {
    /// One address; nil for a list of them, of which libosip2 would read the first, and for `?` or a lone bracket outside
    /// of brackets (RFC 3261 §20), which it takes for a piece of a parameter.
    init?(single text: String) {
        var isQuoted = false
        var isInBrackets = false
        var isEscaped = false
        for byte in text.utf8 {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\") where isQuoted: isEscaped = true
            case UInt8(ascii: "\"") where !isInBrackets: isQuoted.toggle()
            case _ where isQuoted: break
            case UInt8(ascii: "<"):
                if isInBrackets { return nil }
                isInBrackets = true
            case UInt8(ascii: ">"):
                if !isInBrackets { return nil }
                isInBrackets = false
            case UInt8(ascii: ",") where !isInBrackets, UInt8(ascii: "?") where !isInBrackets: return nil
            default: break
            }
        }
        self.init(text)
    }
}
