import CNetfilter
import Glibc

/// What a received message says about the request it answers.
package enum NetlinkReply {
  /// NLMSG_ERROR with 0: the request was carried out.
  case acknowledged(sequence: UInt32)

  /// NLMSG_ERROR with an errno, in the kernel's words.
  case refused(NetlinkError)

  /// The end of a dump.
  case done

  /// Anything else: data.
  case data

  /// - Parameter operation: what was asked for, for the error.
  package init(_ message: NetlinkMessage, of operation: @autoclosure () -> String) {
    switch Int32(message.type) {
    case NLMSG_ERROR:
      let code = message.payload.count >= 4 ? message.payload.loadUnaligned(as: Int32.self) : -EBADMSG
      if code == 0 {
        self = .acknowledged(sequence: message.sequence)
      } else {
        self = .refused(message.refusal(of: operation(), code: 0 &- code, attributesAfter: message.echoedLength))
      }
    case NLMSG_DONE:
      let code = message.payload.count >= 4 ? message.payload.loadUnaligned(as: Int32.self) : 0
      self = code < 0 ? .refused(message.refusal(of: operation(), code: 0 &- code, attributesAfter: 4)) : .done
    default: self = .data
    }
  }
}

extension NetlinkMessage {
  /// The length of the nlmsgerr with what it echoes of the request: only a header where NETLINK_CAP_ACK holds.
  fileprivate var echoedLength: Int {
    guard flags & UInt16(NLM_F_CAPPED) == 0, payload.count >= 8 else { return 20 }
    return 4 + (Int(payload.loadUnaligned(fromByteOffset: 4, as: UInt32.self)) + 3) & ~3
  }

  /// The error with its extended acknowledgement.
  fileprivate func refusal(of operation: String, code: Int32, attributesAfter length: Int) -> NetlinkError {
    var error = NetlinkError(operation, code: code, sequence: sequence)
    guard flags & UInt16(NLM_F_ACK_TLVS) != 0 else { return error }
    for attribute in attributes(after: length) {
      switch UInt32(attribute.type) {
      case NLMSGERR_ATTR_MSG.rawValue: error.message = attribute.text
      case NLMSGERR_ATTR_OFFS.rawValue: error.offset = attribute.host32
      default: break
      }
    }
    return error
  }
}
