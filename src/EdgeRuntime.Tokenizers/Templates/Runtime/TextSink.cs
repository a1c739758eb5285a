using System;
using System.Text;
using EdgeRuntime.Tokenizers.Templates.Values;

namespace EdgeRuntime.Tokenizers.Templates.Runtime;

/// <summary>Where text is written: the output, a macro's result, the <c>str()</c> of a value. Pays for every character.</summary>
internal sealed class TextSink(Interpreter context)
{
    private readonly StringBuilder _text = new();
    private int _depth;

    public Interpreter Context => context;

    public void Append(ReadOnlySpan<char> text)
    {
        context.ChargeCharacters(text.Length);
        CheckSpace(text.Length);
        _text.Append(text);
    }

    public void Append(char character, int count)
    {
        context.ChargeCharacters(count);
        CheckSpace(count);
        _text.Append(character, count);
    }

    public void AppendSequence(string open, ReadOnlySpan<Value> items, string close)
    {
        Enter();
        Append(open);
        for (int i = 0; i < items.Length; i++)
        {
            if (i > 0)
            {
                Append(", ");
            }

            items[i].WriteRepr(this);
        }

        Append(close);
        Leave();
    }

    /// <summary>Enters a value that holds others. A namespace may hold itself, so that the depth is only known here.</summary>
    public void Enter()
    {
        if (++_depth > TemplateLimits.ValueDepth)
        {
            throw Errors.Limit("values inside values", TemplateLimits.ValueDepth);
        }
    }

    public void Leave() => _depth--;

    public override string ToString() => _text.ToString();

    private void CheckSpace(int characters)
    {
        if (characters > TemplateLimits.Weight - _text.Length)
        {
            throw Errors.Limit("characters of text", TemplateLimits.Weight);
        }
    }
}
