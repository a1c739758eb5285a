#:package LLamaSharp@0.30.0
#:package LLamaSharp.Backend.Cpu@0.30.0
#:property PublishAot=false
using LLama;
using LLama.Batched;
using LLama.Common;
using LLama.Native;
using LLama.Sampling;

var parameters = new ModelParams(args[0]) { ContextSize = 50 * 256, SeqMax = 50 };
using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
using var executor = new BatchedExecutor(weights, parameters);
string[] questions = [.. Enumerable.Range(1, 50).Select(number => $"Say something about the number {number}.")];
Conversation[] conversations = [.. questions.Select(question =>
{
    var template = new LLamaTemplate(weights) { AddAssistant = true };
    template.Add("user", question);
    Conversation conversation = executor.Create();
    conversation.Prompt(LLama.Transformers.PromptTemplateTransformer.ToModelPrompt(template), addBos: true, special: true);
    return conversation;
})];
StreamingTokenDecoder[] answers = [.. questions.Select(_ => new StreamingTokenDecoder(executor.Context))];
DefaultSamplingPipeline[] samplers = [.. questions.Select(_ => new DefaultSamplingPipeline())];
int[] remaining = [.. questions.Select(_ => 16)];
while (remaining.Any(tokens => tokens > 0))
{
    if (await executor.Infer() != DecodeResult.Ok)
    {
        throw new InvalidOperationException("llama_decode failed");
    }

    for (int i = 0; i < conversations.Length; i++)
    {
        if (remaining[i] > 0 && conversations[i].RequiresSampling)
        {
            LLamaToken token = conversations[i].Sample(samplers[i]);
            remaining[i] = token.IsEndOfGeneration(weights.Vocab) ? 0 : remaining[i] - 1;
            answers[i].Add(token);
            if (remaining[i] > 0)
            {
                conversations[i].Prompt(token);
            }
        }
    }
}

for (int i = 0; i < conversations.Length; i++)
{
    Console.WriteLine($"{questions[i]} {answers[i].Read()}");
    conversations[i].Dispose();
}
