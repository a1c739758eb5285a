#:package LLamaSharp@0.30.0
#:package LLamaSharp.Backend.Cpu@0.30.0
#:property PublishAot=false
using System.Text;
using LLama;
using LLama.Common;

var parameters = new ModelParams(args[0]) { ContextSize = 512 };
using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
string[] answers = await Task.WhenAll(AnswerAsync("Name a colour."), AnswerAsync("Name an animal."));
Console.WriteLine(string.Join('\n', answers));

async Task<string> AnswerAsync(string question)
{
    var executor = new StatelessExecutor(weights, parameters) { ApplyTemplate = true };
    var answer = new StringBuilder();
    await foreach (string text in executor.InferAsync(question, new InferenceParams { MaxTokens = 16 }))
    {
        answer.Append(text);
    }

    return answer.ToString();
}
