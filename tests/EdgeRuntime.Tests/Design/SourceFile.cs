using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace EdgeRuntime.Tests.Design;

/// <summary>What one C# file declares, and the names that it uses.</summary>
internal sealed class SourceFile
{
    private readonly CompilationUnitSyntax _root;
    private readonly string[] _visible;

    /// <param name="source">The folder of all projects.</param>
    /// <param name="path">The file, in one of them.</param>
    public SourceFile(string source, string path)
    {
        Name = Path.GetRelativePath(source, path).Replace('\\', '/');
        Folder = Path.GetDirectoryName(Name)!.Replace('\\', '/');
        _root = CSharpSyntaxTree.ParseText(File.ReadAllText(path)).GetCompilationUnitRoot();
        Namespace = _root.Members.OfType<BaseNamespaceDeclarationSyntax>().SingleOrDefault()?.Name.ToString() ?? "";
        _visible =
        [
            .. Outer(Namespace),
            .. _root.Usings.Where(line => line.Alias is null && line.StaticKeyword == default).Select(line => line.Name!.ToString()),
        ];
    }

    /// <summary>The file, relative to the folder of all projects: "EdgeRuntime/State/KvPlan.cs".</summary>
    public string Name { get; }

    /// <summary>Its folder: "EdgeRuntime/State".</summary>
    public string Folder { get; }

    /// <summary>Its namespace; empty where it declares none.</summary>
    public string Namespace { get; }

    /// <summary>Whether all types that it declares are public.</summary>
    public bool IsPublic => Declared.All(member => member.Modifiers.Any(SyntaxKind.PublicKeyword));

    /// <summary>Full names of the types that it declares, without those inside of other types.</summary>
    public IEnumerable<string> Types => Declared
        .Select(member => member switch
        {
            BaseTypeDeclarationSyntax type => type.Identifier.Text,
            DelegateDeclarationSyntax type => type.Identifier.Text,
            _ => null,
        })
        .OfType<string>()
        .Select(name => $"{Namespace}.{name}");

    /// <summary>
    /// The names that it uses, each as the full names that it may stand for, the nearest first: "A.B" in a file that sees N is a use of
    /// N.A, N.A.B or A.B.
    /// </summary>
    public IEnumerable<IEnumerable<string>> Uses => _root.DescendantNodes()
        .Where(node => IsName(node) && !IsInLongerName(node) && !IsCallOfAMethod(node))
        .Select(node => node.ToString().Split('<')[0])
        .Distinct()
        .Select(CandidatesOf);

    /// <summary>The texts of its string literals, and those between the values of its interpolated strings.</summary>
    public IEnumerable<string> Texts => _root.DescendantTokens()
        .Where(token => token.Kind() is SyntaxKind.StringLiteralToken or SyntaxKind.InterpolatedStringTextToken
            or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken)
        .Select(token => token.ValueText);

    private IEnumerable<MemberDeclarationSyntax> Declared => _root
        .DescendantNodes(node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
        .OfType<MemberDeclarationSyntax>()
        .Where(member => member is not BaseNamespaceDeclarationSyntax);

    private IEnumerable<string> CandidatesOf(string name)
    {
        string[] parts = name.Split('.', StringSplitOptions.TrimEntries);
        return Enumerable.Range(1, parts.Length)
            .Select(count => string.Join('.', parts.Take(count)))
            .SelectMany(start => _visible.Select(space => $"{space}.{start}").Append(start));
    }

    private static bool IsName(SyntaxNode node) =>
        node is NameSyntax || (node is MemberAccessExpressionSyntax access && IsName(access.Expression));

    private static bool IsInLongerName(SyntaxNode node) => node.Parent switch
    {
        QualifiedNameSyntax => true,
        MemberAccessExpressionSyntax access => access.Name == node || IsName(access),
        AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } assignment => assignment.Left == node, // a property
        BaseNamespaceDeclarationSyntax or NameColonSyntax or NameEqualsSyntax => true,
        UsingDirectiveSyntax line => line.Alias is null && line.StaticKeyword == default,
        _ => false,
    };

    private static bool IsCallOfAMethod(SyntaxNode node) => node is SimpleNameSyntax && node.Parent is InvocationExpressionSyntax;

    private static IEnumerable<string> Outer(string space)
    {
        for (string outer = space; outer.Length > 0; outer = outer[..int.Max(0, outer.LastIndexOf('.'))])
        {
            yield return outer;
        }
    }
}
