/// What a build will do, decided before anything is touched.
public struct Plan: Sendable {
}
