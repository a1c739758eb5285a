using System;
using System.IO;
using System.IO.Compression;
using System.Text;
using EdgeRuntime.Engine;
using EdgeRuntime.Fakes;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

/// <summary>Conversations that are saved to streams and loaded from them.</summary>
public sealed class ChatStreamTests
{
    private const int MaxBytes = 64 << 20;

    private static readonly ModelMessage[] s_messages = [ModelMessage.User("Grüße 🙂"), ModelMessage.Assistant("\"a\"\n")];

    [Fact]
    public void SaveAndLoad_Stream_ComesBackWholeAndStaysOpen()
    {
        using LanguageModel model = Create();
        using ChatSession chat = NewChat(model);
        using ChatSession loaded = model.CreateChat();
        using MemoryStream stream = new();
        stream.Write("before"u8);
        chat.Save(stream);
        stream.Position = "before".Length;
        loaded.Load(stream);
        Assert.Equal((chat.SystemPrompt, stream.Length), (loaded.SystemPrompt, stream.Position));
        Assert.Equal(s_messages, loaded.Messages);
        stream.WriteByte(0); // it is still open
    }

    [Fact]
    public void SaveAndLoad_StreamThatCannotSeek_ComesBackWhole()
    {
        using LanguageModel model = Create();
        using ChatSession chat = NewChat(model);
        using ChatSession loaded = model.CreateChat();
        using MemoryStream packed = new();
        using (GZipStream compressing = new(packed, CompressionMode.Compress, leaveOpen: true))
        {
            chat.Save(compressing);
        }

        packed.Position = 0;
        using GZipStream expanding = new(packed, CompressionMode.Decompress);
        loaded.Load(expanding);
        Assert.Equal(s_messages, loaded.Messages);
    }

    [Fact]
    public void Save_Stream_WritesTheBytesOfTheFile()
    {
        using LanguageModel model = Create();
        using ChatSession chat = NewChat(model);
        using MemoryStream stream = new();
        chat.Save(stream);
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            chat.Save(path);
            Assert.Equal(File.ReadAllBytes(path), stream.ToArray());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Load_EveryTruncatedStream_IsRefusedAndChangesNothing()
    {
        using LanguageModel model = Create();
        using ChatSession chat = NewChat(model);
        using MemoryStream stream = new();
        chat.Save(stream);
        byte[] bytes = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(stream.ToArray()).TrimEnd());
        using ChatSession loaded = model.CreateChat(new() { Messages = s_messages[..1] });
        for (int length = 0; length < bytes.Length; length++)
        {
            InvalidDataException error = Assert.Throws<InvalidDataException>(() => loaded.Load(new MemoryStream(bytes, 0, length)));
            Assert.StartsWith("the stream: not a saved conversation: ", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }

        Assert.Equal(s_messages[..1], loaded.Messages);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Load_TooLargeStream_IsRefusedAtTheLimit(bool canSeek)
    {
        using LanguageModel model = Create();
        using ChatSession chat = model.CreateChat();
        using EndlessStream stream = new(canSeek);
        IOException error = Assert.ThrowsAny<IOException>(() => chat.Load(stream));
        Assert.Equal($"the stream: has more than {MaxBytes} bytes, expected a smaller file", error.Message);
        Assert.InRange(stream.Position, 0, MaxBytes + 1L);
    }

    [Fact]
    public void SaveAndLoad_WrongStream_IsRefused()
    {
        using LanguageModel model = Create();
        using ChatSession chat = model.CreateChat();
        Assert.Throws<ArgumentNullException>(() => chat.Save((Stream)null!));
        Assert.Throws<ArgumentNullException>(() => chat.Load((Stream)null!));
        Assert.Throws<NotSupportedException>(() => chat.Save(new MemoryStream([], writable: false)));
    }

    private static ChatSession NewChat(LanguageModel model) =>
        model.CreateChat(new() { SystemPrompt = "Be brief.", Messages = s_messages });

    private static LanguageModel Create() => LanguageModel.Create(
        new FakeEngine(FakeTokenizer.VocabularySizeOf, 512, StateAbilities.Truncate), new FakeTokenizer());

    /// <summary>A stream of spaces, far beyond any limit.</summary>
    private sealed class EndlessStream(bool canSeek) : MemoryStream
    {
        private long _position;

        public override bool CanSeek => canSeek;

        public override long Length => canSeek ? 1L << 40 : throw new NotSupportedException();

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            buffer.Fill((byte)' ');
            _position += buffer.Length;
            return buffer.Length;
        }
    }
}
