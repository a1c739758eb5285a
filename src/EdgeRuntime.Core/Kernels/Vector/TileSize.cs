namespace EdgeRuntime.Kernels.Vector;

/// <summary>A tile height or width as a type, so that a tile is compiled for it.</summary>
internal interface ITileSize
{
    static abstract int Value { get; }
}

/// <summary>One.</summary>
internal readonly struct Tile1 : ITileSize
{
    public static int Value => 1;
}

/// <summary>Two.</summary>
internal readonly struct Tile2 : ITileSize
{
    public static int Value => 2;
}

/// <summary>Three.</summary>
internal readonly struct Tile3 : ITileSize
{
    public static int Value => 3;
}

/// <summary>Four.</summary>
internal readonly struct Tile4 : ITileSize
{
    public static int Value => 4;
}

/// <summary>Five.</summary>
internal readonly struct Tile5 : ITileSize
{
    public static int Value => 5;
}

/// <summary>Six.</summary>
internal readonly struct Tile6 : ITileSize
{
    public static int Value => 6;
}
