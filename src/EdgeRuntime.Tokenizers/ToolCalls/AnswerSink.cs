using System.Collections.Generic;
using System.Text;

namespace EdgeRuntime.ToolCalls;

/// <summary>Collects the parts of an answer, for the caller of each step and for the message at the end.</summary>
internal sealed class AnswerSink(AnswerText source)
{
    private readonly StringBuilder _arguments = new();
    private readonly Passage _content = new(), _reasoning = new();
    private string? _name, _id;
    private bool _hasMarks;
    private string? _warning;

    /// <summary>Gets the parts since the caller last took them.</summary>
    public List<AnswerPart> Parts { get; private set; } = [];

    /// <summary>Gets the finished calls.</summary>
    public List<ToolCall> Calls { get; } = [];

    /// <summary>Gets the content so far.</summary>
    public string ContentText => _content.ToString();

    /// <summary>Gets the reasoning so far.</summary>
    public string ReasoningText => _reasoning.ToString();

    /// <summary>Gets the reason why the first malformed call is text; null if there is none.</summary>
    public string? Warning => _warning;

    /// <summary>Takes the parts that are new.</summary>
    public IReadOnlyList<AnswerPart> Take()
    {
        List<AnswerPart> parts = Parts;
        Parts = [];
        return parts;
    }

    /// <summary>Adds content. White space next to marks is dropped unless it separates text.</summary>
    public void Content(string text) => Add(AnswerPartKind.Content, _content.Add(text, keepStart: !_hasMarks));

    /// <summary>Adds reasoning.</summary>
    public void Reasoning(string text) => Add(AnswerPartKind.Reasoning, _reasoning.Add(text, keepStart: false));

    /// <summary>Says that the answer has a mark at this place.</summary>
    public void MeetMark() => _hasMarks = true;

    /// <summary>Starts a call.</summary>
    public void Start(string name, string? id = null)
    {
        if (name.Length == 0)
        {
            throw new MalformedCallException("it has no name");
        }

        _hasMarks = true;
        _name = name;
        _id = id;
        _arguments.Clear();
        Parts.Add(new AnswerPart(AnswerPartKind.CallStart, name, Calls.Count));
    }

    /// <summary>Adds to the arguments of the call.</summary>
    public void Arguments(string text)
    {
        _arguments.Append(text);
        Parts.Add(new AnswerPart(AnswerPartKind.Arguments, text, Calls.Count));
    }

    /// <summary>Ends the call.</summary>
    /// <param name="id">An id that followed the arguments.</param>
    public void Finish(string? id = null)
    {
        if (_arguments.Length == 0)
        {
            Arguments("{}");
        }

        Calls.Add(new ToolCall(_name!, _arguments.ToString(), id ?? _id));
        _name = null;
        source.Remember("");
    }

    /// <summary>Turns the text of a malformed call, since its start or the last good call, into content.</summary>
    /// <param name="reason">What is wrong with it.</param>
    /// <param name="isGuess">Whether no mark announced a call, so that text without a started call is simply text.</param>
    public void Drop(string reason, bool isGuess)
    {
        if (_name is not null || !isGuess)
        {
            string call = _name is null ? "a tool call" : $"a call of the tool \"{Printable.Shorten(_name)}\"";
            _warning ??= $"{call} in the answer is malformed and stays text: {reason}";
        }

        if (_name is not null)
        {
            Parts.Add(new AnswerPart(AnswerPartKind.CallDropped, reason, Calls.Count));
            _name = null;
        }

        Content(source.Consumed);
    }

    /// <summary>Ends the answer.</summary>
    public void End()
    {
        if (!_hasMarks)
        {
            Add(AnswerPartKind.Content, _content.Flush());
        }
    }

    private void Add(AnswerPartKind kind, string text)
    {
        if (text.Length > 0)
        {
            Parts.Add(new AnswerPart(kind, text));
        }
    }

    /// <summary>A text that holds its last white space back until more text follows.</summary>
    private sealed class Passage
    {
        private readonly StringBuilder _text = new(), _held = new();

        public string Add(string text, bool keepStart)
        {
            string ready = text.TrimEnd();
            if (ready.Length == 0)
            {
                _held.Append(text);
                return "";
            }

            string all = _held.ToString() + ready;
            _held.Clear().Append(text, ready.Length, text.Length - ready.Length);
            return Append(_text.Length == 0 && !keepStart ? all.TrimStart() : all);
        }

        public string Flush() => Append(_held.ToString());

        public override string ToString() => _text.ToString();

        private string Append(string text)
        {
            _text.Append(text);
            return text;
        }
    }
}
