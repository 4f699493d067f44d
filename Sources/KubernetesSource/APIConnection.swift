import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL
import NIOTLS

/// A connection to an API server, ready for requests. All of it lives on one event loop.
struct APIConnection: Sendable {
  let channel: any Channel

  /// Makes a stream for each request; absent with HTTP/1.1, where a connection serves one request.
  let multiplexer: NIOHTTP2Handler.StreamMultiplexer?

  /// A channel for one request, whose answer `handler` takes.
  func stream(for handler: ResponseHandler) async throws -> any Channel {
    guard let multiplexer else {
      try await channel.eventLoop.submit { [channel] in
        try channel.pipeline.syncOperations.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
        try channel.pipeline.syncOperations.addHandler(handler)
      }.get()
      return channel
    }
    return try await multiplexer.createStreamChannel { stream in
      stream.eventLoop.makeCompletedFuture {
        try stream.pipeline.syncOperations.addHandler(HTTP2FramePayloadToHTTP1ClientCodec(httpProtocol: .https))
        try stream.pipeline.syncOperations.addHandler(handler)
      }
    }.get()
  }
}

extension APIConnection {
  /// Connects and, with TLS, agrees on the protocol.
  ///
  /// - Throws: errors of NIO and of BoringSSL.
  static func open(
    to address: SocketAddress, _ credentials: APICredentials, _ patience: ConnectionPatience, on loop: any EventLoop
  ) async throws -> APIConnection {
    let context = try credentials.server.isEncrypted ? credentials.context() : nil
    // An address has no name to be asked for: the certificate is held against the address that was connected to.
    let name = credentials.server.address == nil ? credentials.server.host : nil
    let ready = try await ClientBootstrap(group: loop).connectTimeout(patience.opening)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connect(to: address) { channel in
        channel.eventLoop.makeCompletedFuture {
          let keeper = ConnectionKeeper(patience)
          try channel.pipeline.syncOperations.addHandler(keeper)
          guard let context else { return channel.eventLoop.makeSucceededFuture(plain(channel, keeper)) }
          let tls = try NIOSSLClientHandler(context: context, serverHostname: name)
          let negotiation = NIOTypedApplicationProtocolNegotiationHandler<APIConnection> { result, channel in
            channel.eventLoop.makeCompletedFuture {
              result == .negotiated("h2") ? try multiplexed(channel, keeper) : plain(channel, keeper)
            }
          }
          try channel.pipeline.syncOperations.addHandlers([tls, negotiation])
          return negotiation.protocolNegotiationResult
        }
      }
    return try await ready.get()
  }

  private static func plain(_ channel: any Channel, _ keeper: ConnectionKeeper) -> APIConnection {
    keeper.isOpen(canBeAsked: false)
    return APIConnection(channel: channel, multiplexer: nil)
  }

  private static func multiplexed(_ channel: any Channel, _ keeper: ConnectionKeeper) throws -> APIConnection {
    var stream = NIOHTTP2Handler.StreamConfiguration()
    stream.targetWindowSize = 1 << 20
    var connection = NIOHTTP2Handler.ConnectionConfiguration()
    connection.initialSettings = [
      HTTP2Setting(parameter: .enablePush, value: 0), HTTP2Setting(parameter: .initialWindowSize, value: 1 << 20),
      HTTP2Setting(parameter: .maxHeaderListSize, value: 1 << 16),
    ]
    let multiplexer = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
      mode: .client, connectionConfiguration: connection, streamConfiguration: stream,
      inboundStreamInitializer: { stream in stream.close() })
    keeper.isOpen(canBeAsked: true)
    return APIConnection(channel: channel, multiplexer: multiplexer)
  }
}

extension APICredentials {
  /// TLS with the server's certificate always verified.
  fileprivate func context() throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.applicationProtocols = ["h2", "http/1.1"]
    configuration.minimumTLSVersion = .tlsv12
    if let authority {
      configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authority))
    }
    if let certificate, let key {
      configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(certificate).map { .certificate($0) }
      configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
    }
    return try NIOSSLContext(configuration: configuration)
  }
}

/// How long a connection may take, and be silent.
package struct ConnectionPatience: Hashable, Sendable {
  /// Until it is ready for requests.
  package var opening = TimeAmount.seconds(10)

  /// Until a silent server is asked whether it lives (HTTP/2), which sends bookmarks about once a minute.
  package var silence = TimeAmount.seconds(30)

  /// Until it has answered.
  package var answer = TimeAmount.seconds(15)

  /// Until a connection that cannot ask (HTTP/1.1) is given up.
  package var longSilence = TimeAmount.seconds(150)

  /// The pauses between attempts to connect.
  package var backOff = BackOff(longest: .seconds(10))

  package init() {}
}

/// Closes a connection whose other end is no longer there. TCP alone would wait for ever.
///
/// Stands first, so that it sees every byte. One timer, which is moved only when it fires: a busy connection costs
/// nothing.
final class ConnectionKeeper: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let patience: ConnectionPatience
  private var context: ChannelHandlerContext?
  private var lastRead = NIODeadline.now()
  private var timer: Scheduled<Void>?
  private var canBeAsked = false
  private var isAsked = false

  init(_ patience: ConnectionPatience) { self.patience = patience }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    plan(in: patience.opening, on: context) { keeper, context in keeper.giveUp(context) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    self.context = nil
  }

  /// The connection can be used from now on.
  ///
  /// - Parameter canBeAsked: whether there are PING frames.
  func isOpen(canBeAsked: Bool) {
    guard let context else { return }
    self.canBeAsked = canBeAsked
    lastRead = .now()
    watch(context)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lastRead = .now()
    isAsked = false
    context.fireChannelRead(data)
  }

  private var silence: TimeAmount { canBeAsked ? patience.silence : patience.longSilence }

  /// Waits until the connection has been silent for too long.
  private func watch(_ context: ChannelHandlerContext) {
    let end = lastRead + (isAsked ? patience.silence + patience.answer : silence)
    plan(in: max(end - .now(), .zero), on: context) { keeper, context in keeper.look(context) }
  }

  private func look(_ context: ChannelHandlerContext) {
    let quiet = NIODeadline.now() - lastRead
    if quiet < silence { return watch(context) }
    guard canBeAsked, !isAsked else { return giveUp(context) }
    isAsked = true
    let ping = HTTP2Frame(streamID: .rootStream, payload: .ping(HTTP2PingData(), ack: false))
    context.channel.writeAndFlush(ping, promise: nil)
    watch(context)
  }

  private func giveUp(_ context: ChannelHandlerContext) { context.close(promise: nil) }

  private func plan(
    in time: TimeAmount, on context: ChannelHandlerContext,
    _ body: @escaping (ConnectionKeeper, ChannelHandlerContext) -> Void
  ) {
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
      if let self, let context = self.context { body(self, context) }
    }
  }
}
