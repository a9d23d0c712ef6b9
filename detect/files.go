package detect

// signatures of files that have records of their own kind, behind which a length
// field may be found that is of no stream.
var fileSignatures = []struct{ prefix, kind string }{
	{"\x7fELF", "an ELF program"},
	{"\x89PNG\r\n\x1a\n", "a PNG picture"},
	{"GIF8", "a GIF picture"},
	{"\xff\xd8\xff", "a JPEG picture"},
	{"RIFF", "a RIFF file (WAV, AVI, WebP)"},
	{"PK\x03\x04", "a zip archive"},
	{"%PDF-", "a PDF document"},
	{"SQLite format 3\x00", "a SQLite database"},
	{"\x1f\x8b\x08", "gzip"},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"\xfd7zXZ\x00", "xz"},
	{"BZh", "bzip2"},
	{"\xca\xfe\xba\xbe\x00", "a Java class"},
	{"\x00asm\x01", "a WebAssembly module"},
	{"OggS", "an Ogg file"},
	{"fLaC", "a FLAC file"},
	{"!<arch>\n", "an archive of ar"},
	{"\xd4\xc3\xb2\xa1", "a capture (pcap)"},
	{"\xa1\xb2\xc3\xd4", "a capture (pcap)"},
}

// fileKind says what file every one of the streams begins as; empty for none.
func fileKind(streams []Stream) string {
	for _, f := range fileSignatures {
		all := true
		for _, s := range streams {
			head := s.Data[:min(len(s.Data), len(f.prefix))]
			all = all && string(head) == f.prefix
		}
		if all {
			return f.kind
		}
	}
	return ""
}
