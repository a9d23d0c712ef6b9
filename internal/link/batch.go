package link

// batchWorth is how many bytes of frames are worth a write.
const batchWorth = 128 << 10

// A Batch is messages of one goroutine that share writes. It takes no lock a
// message, which is for millions of them.
type Batch struct {
	link   *Link
	frames []byte
}

// NewBatch returns an empty Batch of messages to send over l.
func (l *Link) NewBatch() *Batch { return &Batch{link: l} }

// Send adds msg, which it copies, and writes what is a write's worth. What it adds
// comes before what others send after the next Flush.
func (b *Batch) Send(msg []byte) error {
	l := b.link
	if l.sender == nil {
		return l.Send(msg)
	}
	if len(msg) >= sendDirectly {
		if err := b.Flush(); err != nil {
			return err
		}
		return l.Send(msg)
	}
	var err error
	b.frames, err = l.send.AppendFrame(b.frames, msg)
	if err == nil && len(b.frames) >= batchWorth {
		err = b.Flush()
	}
	return err
}

// Flush returns when all that was added is with the stream.
func (b *Batch) Flush() error {
	if len(b.frames) == 0 {
		return nil
	}
	err := b.link.sender.WriteFrames(b.frames)
	b.frames = b.frames[:0]
	return err
}
