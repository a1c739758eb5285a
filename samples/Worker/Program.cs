using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Worker;

// dotnet run --project samples/Worker -- --EdgeRuntime:ModelPath=models/SmolLM2-135M-Instruct-Q4_1.gguf
HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddEdgeRuntime(builder.Configuration.GetSection("EdgeRuntime"));
builder.Services.AddHostedService<FolderWorker>();
builder.Build().Run();
