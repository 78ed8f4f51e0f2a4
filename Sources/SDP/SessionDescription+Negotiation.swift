// SPDX-License-Identifier: AGPL-3.0-or-later

extension SessionDescription {
    /// Takes over id, name and version of the description we sent before; the version grows by one when anything differs
    /// (RFC 3264 §8).
    mutating func continueOrigin(of previous: SessionDescription) {
        origin.username = previous.origin.username
        origin.sessionID = previous.origin.sessionID
        origin.sessionVersion = previous.origin.sessionVersion
        if self != previous { origin.sessionVersion &+= 1 }
    }

    /// The direction with the hold of RFC 2543 read into it: an unspecified address receives nothing (RFC 3264 §8.4).
    func effectiveDirection(of media: MediaDescription) -> MediaDirection {
        let direction = direction(of: media)
        guard let address = address(of: media), Self.unspecified.contains(address) else { return direction }
        return direction.intersection(.sendOnly)
    }

    private static let unspecified: Set<String> = ["0.0.0.0", "::", "0:0:0:0:0:0:0:0"]
}

extension MediaDescription {
    /// An audio line over plain RTP that is not switched off.
    var isActiveVoice: Bool {
        guard kind == .audio, port != 0 else { return false }
        let proto = proto.uppercased()
        return proto == "RTP/AVP" || proto == "RTP/AVPF"
    }

    /// The same line with port 0 and nothing but its formats (RFC 3264 §6).
    var refused: MediaDescription {
        MediaDescription(kind: kind, port: 0, proto: proto, formats: formats.map { MediaFormat($0.token) })
    }

    /// The first of `codecs` this line has, with the payload type it has here.
    func preferred(among codecs: [AudioCodec]) -> (AudioCodec, UInt8)? {
        for codec in codecs {
            for format in formats where format.codec == codec {
                if let payloadType = format.payloadType { return (codec, payloadType) }
            }
        }
        return nil
    }

    /// RFC 3605, else the next port (RFC 3550 §11).
    var effectiveRTCPPort: UInt16 { rtcpPort ?? (port < .max ? port + 1 : port) }

    var effectivePtimeMilliseconds: Int {
        guard let ptime = ptimeMilliseconds, (10...60).contains(ptime) else { return 20 }
        return ptime
    }
}

extension MediaFormat {
    init(voice codec: AudioCodec, payloadType: UInt8) {
        self.init(String(payloadType), encodingName: codec.encodingName, clockRate: codec.clockRate)
    }

    /// Events 0 to 16: the keys and hook flash (RFC 4733 §3.2, §3.3).
    static func telephoneEvent(payloadType: UInt8) -> MediaFormat {
        MediaFormat(
            String(payloadType), encodingName: "telephone-event", clockRate: 8_000, parameters: "0-16")
    }
}
