package audit

// MailFailed says that a message did not reach its server's mailbox: it was
// refused for good (Refused), or not taken for a day. More is how many others
// failed since the entry before that have none of their own.
type MailFailed struct {
	Message string `json:"message"` // what it was, "temporary-password"
	To      string `json:"to"`
	Tries   int    `json:"tries"`
	Refused bool   `json:"refused"`
	Said    string `json:"said,omitempty"` // the server's last words
	More    int    `json:"more,omitempty"`
}

// MailRemoved says that an operator took a message out of the queue.
type MailRemoved struct {
	Message string `json:"message"`
	To      string `json:"to"`
}

// MailTested says that an operator had a test message sent.
type MailTested struct {
	To string `json:"to"`
}

// Kind names the event in the log.
func (MailFailed) Kind() string  { return "mail-failed" }
func (MailRemoved) Kind() string { return "mail-removed" }
func (MailTested) Kind() string  { return "mail-tested" }
