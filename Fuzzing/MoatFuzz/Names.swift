import NameResolution

/// A DNS message. What is taken for a question's name is one, and no record is made up.
func readNames(_ bytes: UnsafeRawBufferPointer) {
  guard let message = DNSMessage(Array(bytes)) else { return }
  precondition(dnsName(parsing: message.question.name) == message.question.name, "no host name")
  precondition(message.answers.count <= bytes.count / 16, "more addresses than have room")
  precondition(message.isAnswer || message.answers.isEmpty, "a question that answers")
}
