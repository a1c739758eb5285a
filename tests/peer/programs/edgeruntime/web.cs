#:sdk Microsoft.NET.Sdk.Web
#:project ../../../../src/EdgeRuntime.DependencyInjection
using EdgeRuntime;

WebApplicationBuilder builder = WebApplication.CreateBuilder();
builder.Services.AddEdgeRuntime(options => options.ModelPath = args[0]);
WebApplication app = builder.Build();
app.MapGet("/ask", (string question, ChatSession chat, CancellationToken aborted) =>
    TypedResults.ServerSentEvents(chat.Send(question, aborted).Text.ToAsyncEnumerable()));
app.Run();
