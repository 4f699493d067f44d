import NIOCore
import NIOHTTP1

/// Takes the answer of one request: its head, and its body part by part.
final class ResponseHandler: ChannelInboundHandler, Sendable {
  typealias InboundIn = HTTPClientResponsePart

  /// Fulfilled when the head has come; fails where it does not.
  private let head: EventLoopPromise<HTTPResponseHead>
  private let body: AsyncThrowingStream<ByteBuffer, any Error>.Continuation

  init(_ head: EventLoopPromise<HTTPResponseHead>, _ body: AsyncThrowingStream<ByteBuffer, any Error>.Continuation) {
    self.head = head
    self.body = body
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head) where head.status.code < 200: break
    case .head(let head): self.head.succeed(head)
    case .body(let part): body.yield(part)
    case .end:
      body.finish()
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    end(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(ConnectionEnded())
    context.fireChannelInactive()
  }

  /// Where the answer has not come whole, says why; later reasons are not heard.
  func end(_ error: any Error) {
    head.fail(error)
    body.finish(throwing: error)
  }
}

/// The connection ended before the answer did.
struct ConnectionEnded: Error, CustomStringConvertible {
  var description: String { "the connection ended" }
}

/// There was no answer, or no end of it, in its time.
struct AnswerOverdue: Error, CustomStringConvertible {
  var description: String { "no answer in time" }
}
