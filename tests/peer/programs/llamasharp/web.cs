#:sdk Microsoft.NET.Sdk.Web
#:package LLamaSharp@0.30.0
#:package LLamaSharp.Backend.Cpu@0.30.0
#:property PublishAot=false
using LLama;
using LLama.Common;

var parameters = new ModelParams(args[0]);
using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
WebApplication app = WebApplication.CreateBuilder().Build();
app.MapGet("/ask", (string question, CancellationToken token) =>
{
    var executor = new StatelessExecutor(weights, parameters) { ApplyTemplate = true };
    return TypedResults.ServerSentEvents(executor.InferAsync(question, new InferenceParams(), token));
});
app.Run();
