/** Routes of the application. Each page is fetched when it is first opened; who is not signed in is asked to. */
import { lazy, type ReactNode, Suspense } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { useSession } from '../session/use-session.ts';
import { DeskProvider } from './desk-context.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { NotFoundPage } from './not-found-page.tsx';
import { PageLoading } from './page-loading.tsx';
import { Shell } from './shell.tsx';

const CockpitPage = lazy(async () => ({ default: (await import('../cockpit/cockpit-page.tsx')).CockpitPage }));
const PhonePage = lazy(async () => ({ default: (await import('../phone/phone-page.tsx')).PhonePage }));
const SignInPage = lazy(async () => ({ default: (await import('../session/sign-in-page.tsx')).SignInPage }));

export function App() {
  return (
    <ErrorBoundary>
      <DeskProvider>
        <Suspense fallback={<PageLoading />}>
          <Switch>
            <Route path="/sign-in">
              <SignInPage />
            </Route>
            <Route path="/phone">
              <Framed>
                <PhonePage />
              </Framed>
            </Route>
            <Route path="/">
              <DeskOnly>
                <Framed>
                  <CockpitPage />
                </Framed>
              </DeskOnly>
            </Route>
            <Route>
              <Framed>
                <NotFoundPage />
              </Framed>
            </Route>
          </Switch>
        </Suspense>
      </DeskProvider>
    </ErrorBoundary>
  );
}

function Framed({ children }: { readonly children: ReactNode }) {
  return (
    <Shell>
      <ErrorBoundary>
        <Suspense fallback={<PageLoading />}>{children}</Suspense>
      </ErrorBoundary>
    </Shell>
  );
}

function DeskOnly({ children }: { readonly children: ReactNode }) {
  return useSession('desk') === undefined ? <Redirect to="/sign-in" replace /> : children;
}
